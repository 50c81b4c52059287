package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/supernet"
)

// completeArg is what the shells' scripts call tailor with, before the words of a command line up
// to the one that is to be completed.
const completeArg = "__complete"

type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// scripts connect a shell to tailor. Where tailor knows nothing the shell offers files.
var scripts = map[string]string{
	"bash": `# For bash: source <(tailor completion bash)
_tailor() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _tailor tailor
`,
	"zsh": `#compdef tailor
# For zsh: source <(tailor completion zsh), or as a file _tailor in a folder of $fpath.
_tailor() {
    local line
    local -a found
    for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n "$line" ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( ${#found} )); then
        _describe tailor found
    else
        _files
    fi
}
compdef _tailor tailor
`,
	"fish": `# For fish: tailor completion fish | source
function __tailor_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    command $words[1] __complete $words[2..-1] "$current" 2>/dev/null
end
complete -c tailor -a '(__tailor_complete)'
`,
}

// Run prints the script.
func (c *completionCmd) Run(g *Globals) error {
	return g.result(map[string]string{"shell": c.Shell, "script": scripts[c.Shell]},
		func(w io.Writer) { fmt.Fprint(w, scripts[c.Shell]) })
}

// candidate is a word that can stand at a place of a command line.
type candidate struct{ word, help string }

// complete prints what the last of the words can be.
func complete(w io.Writer, app *kong.Node, words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	for _, c := range candidates(app, words) {
		if strings.HasPrefix(c.word, last) || last == "=" {
			fmt.Fprintf(w, "%s\t%s\n", c.word, firstSentence(c.help))
		}
	}
}

// candidates is all that could stand in the place of the last word.
func candidates(app *kong.Node, words []string) []candidate {
	if words[0] == "help" && len(words) > 1 {
		words = words[1:]
	}
	node, arguments := app, 0
	var value *kong.Value // that the next word is of
	for _, word := range words[:len(words)-1] {
		flag := flagOf(node, word)
		child := childOf(node, word)
		switch {
		case word == "=": // which bash takes apart
		case value != nil:
			value = nil
		case flag != nil && !flag.IsBool() && !strings.Contains(word, "="):
			value = flag.Value
		case strings.HasPrefix(word, "-"):
		case child != nil:
			node = child
		default:
			arguments++
		}
	}
	last := words[len(words)-1]
	name, _, assigned := strings.Cut(last, "=")
	switch flag := flagOf(node, name); {
	case value != nil:
		return valuesOf(value, "")
	case assigned && flag != nil:
		return valuesOf(flag.Value, name+"=")
	case strings.HasPrefix(last, "-"):
		return flagsOf(node)
	case len(node.Children) > 0:
		return commandsOf(node)
	case len(node.Positional) > 0:
		return valuesOf(node.Positional[min(arguments, len(node.Positional)-1)], "")
	}
	return nil
}

func childOf(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Name == name && !c.Hidden {
			return c
		}
	}
	return nil
}

func flagOf(n *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, f := range slices.Concat(n.AllFlags(true)...) {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

func flagsOf(n *kong.Node) (all []candidate) {
	for _, f := range slices.Concat(n.AllFlags(true)...) {
		all = append(all, candidate{"--" + f.Name, f.Help})
		if f.Tag.Negatable != "" {
			all = append(all, candidate{"--no-" + f.Name, "Not: " + f.Help})
		}
	}
	return all
}

func commandsOf(n *kong.Node) (all []candidate) {
	for _, c := range n.Children {
		if !c.Hidden {
			all = append(all, candidate{c.Name, c.Help})
		}
	}
	return all
}

// valuesOf are those of a flag or an argument, behind a prefix. There are none where it is any text
// or a file.
func valuesOf(v *kong.Value, prefix string) (all []candidate) {
	words := slices.DeleteFunc(v.EnumSlice(), func(w string) bool { return w == "" })
	switch v.Name {
	case "space", "name":
		words = supernet.Builtins()
	case "data":
		words = []string{"synthetic"}
	case "arch":
		words = []string{"max", "min", "random:10"}
	}
	for _, w := range words {
		all = append(all, candidate{prefix + w, ""})
	}
	return all
}

// firstSentence is what fits beside a word.
func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.ReplaceAll(strings.TrimSuffix(first, "."), "\n", " ")
}
