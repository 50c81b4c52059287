package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// YAMLError says what is wrong with a text in YAML, in one line.
type YAMLError struct {
	Line  int    // from 1; 0 for the whole text
	Field string // "stages[2].kernel"; empty where the text itself is wrong
	Msg   string
}

func (e *YAMLError) Error() string {
	text := e.Msg
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

// YAML is one document that was read within its budget.
type YAML struct {
	text []byte
	tree *ast.File
}

// ParseYAML reads a text. It refuses what a reader of YAML would guess at, or take without bound: a
// second document, aliases, of which a few lines can stand for more values than there is memory,
// and numbers such as 010. Every error is a [*YAMLError].
func ParseYAML(text []byte, l Limits) (*YAML, error) {
	if len(text) > l.Bytes { // before any of it is looked at
		return nil, checkBudget(text, l)
	}
	text, err := cleanYAML(text)
	if err != nil {
		return nil, &YAMLError{Msg: err.Error()}
	}
	if err := checkBudget(text, Limits{Bytes: 2 * l.Bytes, Depth: l.Depth}); err != nil {
		return nil, err
	}
	y := &YAML{text: text}
	err = orderly(func() (err error) {
		y.tree, err = parser.ParseBytes(text, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return y, y.check()
}

// Decode puts the document into a value, of which nothing changes where there is none. If strict, a
// field that the value has not is an error.
func (y *YAML) Decode(into any, strict bool) error {
	var options []yaml.DecodeOption
	if strict {
		options = append(options, yaml.Strict())
	}
	return orderly(func() error {
		if err := yaml.NewDecoder(bytes.NewReader(y.text), options...).Decode(into); !errors.Is(err,
			io.EOF) {
			return err
		}
		return nil
	})
}

// Empty says whether there is nothing but blanks and comments.
func (y *YAML) Empty() bool { return len(y.bodies()) == 0 }

// Line is that of a field such as "stages[2].kernel"; where the field is missing, that of what
// should hold it, and 0 if nothing does.
func (y *YAML) Line(field string) (line int) {
	defer func() { _ = recover() }() // as in orderly
	for field != "" {
		if p, err := yaml.PathString("$." + field); err == nil {
			if node, err := p.FilterFile(y.tree); err == nil && node != nil {
				return node.GetToken().Position.Line
			}
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 0
}

// Number is a number in a document.
type Number struct {
	Line     int
	Field    string
	Text     string
	Fraction bool // it is written as one
}

// Numbers calls each with all numbers of the document, in their order.
func (y *YAML) Numbers(each func(Number)) {
	y.walk(func(n ast.Node) {
		number := Number{Line: n.GetToken().Position.Line, Field: fieldOf(n),
			Text: n.GetToken().Value}
		switch n.(type) {
		case *ast.IntegerNode:
			each(number)
		case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
			number.Fraction = true
			each(number)
		}
	})
}

// octal is what YAML 1.1 takes for octal, and 1.2 for decimal.
var octal = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

func (y *YAML) check() error {
	var first *YAMLError
	refuse := func(n ast.Node, field, msg string) {
		if first == nil {
			first = &YAMLError{n.GetToken().Position.Line, field, msg}
		}
	}
	if bodies := y.bodies(); len(bodies) > 1 {
		refuse(bodies[1], "", "begins a second document, expected one")
	}
	y.walk(func(n ast.Node) {
		switch n.(type) {
		case *ast.AliasNode, *ast.MergeKeyNode:
			refuse(n, fieldOf(n), "is an alias, write the value out")
		case *ast.IntegerNode:
			if text := n.GetToken().Value; octal.MatchString(text) {
				refuse(n, fieldOf(n),
					fmt.Sprintf("is %s, which may mean another number than it seems: write it without the 0 in front", text))
			}
		}
	})
	if first != nil {
		return first
	}
	return nil
}

// bodies are the documents that are not empty.
func (y *YAML) bodies() (all []ast.Node) {
	for _, doc := range y.tree.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); doc.Body != nil && !directive {
			all = append(all, doc.Body)
		}
	}
	return all
}

func (y *YAML) walk(each func(ast.Node)) {
	for _, body := range y.bodies() {
		ast.Walk(visitor(each), body)
	}
}

type visitor func(ast.Node)

// Visit is called for every node.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

func fieldOf(n ast.Node) string { return strings.TrimPrefix(n.GetPath(), "$.") }

// orderly makes a [*YAMLError] of every error of the YAML package, which panics on some malformed
// texts.
func orderly(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = &YAMLError{Msg: "is not YAML that can be read"}
		}
	}()
	if err := read(); err != nil {
		return plain(err)
	}
	return nil
}

// plain makes one line of an error of the YAML package, without the names of types.
func plain(err error) *YAMLError {
	var mismatch *yaml.TypeError
	if errors.As(err, &mismatch) && mismatch.Token != nil {
		return &YAMLError{Line: mismatch.Token.Position.Line,
			Msg: fmt.Sprintf("has %.40q where %s is expected", mismatch.Token.Value,
				wanted(mismatch.DstType))}
	}
	var overflow *yaml.OverflowError
	if errors.As(err, &overflow) && overflow.Token != nil {
		return &YAMLError{Line: overflow.Token.Position.Line,
			Msg: fmt.Sprintf("has %.40q where %s is expected", overflow.SrcNum,
				wanted(overflow.DstType))}
	}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return &YAMLError{Line: at.GetToken().Position.Line, Msg: oneLine(at.GetMessage())}
	}
	return &YAMLError{Msg: oneLine(yaml.FormatError(err, false, false))}
}

func oneLine(text string) string {
	return fmt.Sprintf("%.300s", strings.Join(strings.Fields(text), " "))
}

// wanted names a type for people.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Pointer:
		return wanted(t.Elem())
	}
	return "text"
}
