package genesearch

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/predictor/genes"
)

// ErrCommand is what every error about the text of a command wraps.
var ErrCommand = errors.New("this command cannot be run")

// Command is a program with its arguments, in which choices of genes have their places. No shell
// reads it: each word of the text is one argument, whatever is put into it.
type Command struct {
	Text  string
	space *genes.Space
	words []word
}

// word is one argument.
type word struct {
	parts []part
	// bare words, without quotes or anything but places for choices, are left out where nothing is
	// chosen.
	bare bool
}

// part is a text, or the place of a gene's choice.
type part struct {
	text string
	gene int // -1 for a text
}

// ParseCommand reads a command such as "./bench -O{level} --unroll {unroll}". Blanks end words, but
// for those in quotes, single or double; outside of single quotes a backslash takes a blank, quote,
// brace or backslash as it is. Every gene has a place.
func ParseCommand(text string, s *genes.Space) (*Command, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrCommand)
	}
	p := commandParser{rest: []rune(text), space: s, used: make([]bool, len(s.Genes))}
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommand, err)
	}
	if len(p.words) == 0 {
		return nil, fmt.Errorf("%w: it is empty, expected a program with its arguments", ErrCommand)
	}
	for i, used := range p.used {
		if name := s.Genes[i].Name; !used && len(s.Genes[i].Choices) > 1 {
			return nil, fmt.Errorf("%w: gene %s has no place in it: write {%s} where its choice belongs", ErrCommand, name, name)
		}
	}
	return &Command{Text: text, space: s, words: p.words}, nil
}

// Args are the program and its arguments for a configuration.
func (c *Command) Args(of genes.Configuration) (args []string) {
	for i, w := range c.words {
		var text strings.Builder
		for _, p := range w.parts {
			if p.gene >= 0 {
				text.WriteString(c.space.Genes[p.gene].Choices[of[p.gene]])
			} else {
				text.WriteString(p.text)
			}
		}
		if text.Len() > 0 || !w.bare || i == 0 {
			args = append(args, text.String())
		}
	}
	return args
}

// commandParser reads a command rune by rune.
type commandParser struct {
	rest  []rune
	space *genes.Space
	used  []bool // by gene
	words []word
	in    bool // a word has begun
	quote rune // that is open, 0 for none
}

func (p *commandParser) parse() error {
	for len(p.rest) > 0 {
		r := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case r == 0:
			return errors.New("it has a zero byte")
		case p.quote == 0 && strings.ContainsRune(" \t\r\n", r):
			p.in = false
		case r == p.quote:
			p.quote = 0
		case p.quote == 0 && (r == '"' || r == '\''):
			p.quote = r
			p.word().bare = false
		case r == '\\' && p.quote != '\'' && len(p.rest) > 0 &&
			strings.ContainsRune(" \t\"'\\{}", p.rest[0]):
			p.add(p.rest[0])
			p.rest = p.rest[1:]
		case r == '{':
			if err := p.place(); err != nil {
				return err
			}
		case r == '}':
			return errors.New(`it has a } without a {: write \} for the character`)
		default:
			p.add(r)
		}
	}
	if p.quote != 0 {
		return fmt.Errorf("a quote, %c, is not closed", p.quote)
	}
	return nil
}

// word is the one that has begun, or begins.
func (p *commandParser) word() *word {
	if !p.in {
		p.words, p.in = append(p.words, word{bare: true}), true
	}
	return &p.words[len(p.words)-1]
}

// add takes a character of a text.
func (p *commandParser) add(r rune) {
	w := p.word()
	w.bare = false
	if n := len(w.parts); n > 0 && w.parts[n-1].gene < 0 {
		w.parts[n-1].text += string(r)
		return
	}
	w.parts = append(w.parts, part{string(r), -1})
}

// place reads the name of a gene, behind its brace.
func (p *commandParser) place() error {
	end := -1
	for i, r := range p.rest {
		if r == '}' {
			end = i
			break
		}
	}
	if end < 0 {
		return errors.New(`a { is not closed: write {GENE}, or \{ for the character`)
	}
	name := string(p.rest[:end])
	p.rest = p.rest[end+1:]
	for i, g := range p.space.Genes {
		if g.Name == name {
			w := p.word()
			w.parts, p.used[i] = append(w.parts, part{gene: i}), true
			return nil
		}
	}
	var names []string
	for _, g := range p.space.Genes {
		names = append(names, g.Name)
	}
	return fmt.Errorf(`{%s}: %w; \{ is the character`, name,
		&genes.UnknownError{What: "gene of " + p.space.Name, Word: name, Known: names})
}
