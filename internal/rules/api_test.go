package rules

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPublicAPI: nothing that a package offers to other modules needs a type that these cannot
// name: no function, variable or type, no exported field or method, promoted ones among them.
func TestPublicAPI(t *testing.T) {
	c := apiChecker{t: t, seen: map[types.Type]bool{}}
	for _, p := range publicPackages(t) {
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				c.object(p.Name()+"."+name, o)
			}
		}
	}
	if len(c.seen) < 100 {
		t.Errorf("the API has %d types", len(c.seen))
	}
}

// public says whether other modules can import a room.
func public(room string) bool {
	for _, hidden := range []string{"internal/", "cmd/", "tools/"} {
		if strings.HasPrefix(room, hidden) {
			return false
		}
	}
	return true
}

// publicPackages are those that other modules can import, as the compiler sees them.
func publicPackages(t *testing.T) (all []*types.Package) {
	t.Helper()
	files := exportData(t)
	load := importer.ForCompiler(token.NewFileSet(), "gc",
		func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	for name := range mayImport {
		if !public(name) {
			continue
		}
		p, err := load.Import(strings.TrimSuffix(module+strings.TrimPrefix(name, "."), "/"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// exportData is where the compiler keeps what packages offer, by import path.
func exportData(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}",
		"./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return files
}

// apiChecker walks the types that an API shows.
type apiChecker struct {
	t    *testing.T
	seen map[types.Type]bool
}

// object checks something that a package offers. where says for errors what it is.
func (c *apiChecker) object(where string, o types.Object) {
	if n, ok := o.Type().(*types.Named); ok && n.Obj() == o {
		c.named(where, n)
		return
	}
	c.need(where, o.Type())
}

// named checks what a type of ours has.
func (c *apiChecker) named(where string, n *types.Named) {
	if c.seen[n] {
		return
	}
	c.seen[n] = true
	if s, ok := n.Underlying().(*types.Struct); ok {
		c.fields(where, s)
	} else {
		c.need(where, n.Underlying())
	}
	methods := types.NewMethodSet(types.NewPointer(n))
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			c.need(where+"."+m.Obj().Name(), m.Type())
		}
	}
}

// fields checks the exported fields of a struct, and those that come from an embedded one that is
// not exported itself.
func (c *apiChecker) fields(where string, s *types.Struct) {
	for f := range s.Fields() {
		inner, isStruct := types.Unalias(f.Type()).Underlying().(*types.Struct)
		switch {
		case f.Exported():
			c.need(where+"."+f.Name(), f.Type())
		case f.Embedded() && isStruct:
			c.fields(where, inner)
		}
	}
}

// need checks a type that somebody must be able to name.
func (c *apiChecker) need(where string, typ types.Type) {
	switch x := types.Unalias(typ).(type) {
	case *types.Named:
		c.name(where, x)
	case *types.Map:
		c.need(where, x.Key())
		c.need(where, x.Elem())
	case interface{ Elem() types.Type }: // pointers, slices, arrays and channels
		c.need(where, x.Elem())
	case *types.Signature:
		c.need(where, x.Params())
		c.need(where, x.Results())
	case *types.Tuple:
		for v := range x.Variables() {
			c.need(where, v.Type())
		}
	case *types.Struct:
		c.fields(where, x)
	case *types.Interface:
		for m := range x.Methods() {
			if m.Exported() {
				c.need(where+"."+m.Name(), m.Type())
			}
		}
	}
}

func (c *apiChecker) name(where string, n *types.Named) {
	for a := range n.TypeArgs().Types() {
		c.need(where, a)
	}
	p := n.Obj().Pkg()
	if p == nil || !strings.HasPrefix(p.Path()+"/", module) {
		return
	}
	if room, _ := room(p.Path()); !public(room) {
		c.t.Errorf("%s needs %s of %s, which other modules cannot import", where, n.Obj().Name(),
			p.Path())
		return
	}
	c.named(p.Name()+"."+n.Obj().Name(), n)
}
