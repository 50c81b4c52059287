package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// docLink is a link in a comment: [Name], [Type.Member], [pkg.Name] or [pkg.Type.Member].
	docLink = regexp.MustCompile(`(?:^|[\s(])\[\*?([A-Za-z]\w*(?:\.[A-Za-z]\w*){0,2})\]`)
	// codeName is a name of a package's in a page: `pkg.Name` or `pkg.Type.Member`.
	codeName = regexp.MustCompile("`\\*?([a-z]+)\\.([A-Z]\\w*(?:\\.[A-Z]\\w*)?)")
)

// TestDocLinks: what the comments of packages that others can import link to exists, and those that
// describe what is exported do not link to what others cannot see.
func TestDocLinks(t *testing.T) {
	names, links := declared(t), 0
	for room, files := range parsed(t) {
		if !public(room) {
			continue
		}
		for path, f := range files {
			exported := exportedDocs(f)
			for _, g := range f.Comments {
				for _, m := range docLink.FindAllStringSubmatch(g.Text(), -1) {
					links++
					checkLink(t, path, m[1], f.Name.Name, names, exported[g])
				}
			}
		}
	}
	if links < 100 {
		t.Errorf("the comments have %d links", links)
	}
}

// checkLink follows a link of a comment in a package. seen says that others read the comment.
func checkLink(t *testing.T, path, link, pkg string, names map[string]map[string]bool, seen bool) {
	t.Helper()
	first, rest, _ := strings.Cut(link, ".")
	own := names[pkg][link]
	if own && (!seen || ast.IsExported(first)) {
		return
	}
	other, ours := names[first]
	switch {
	case !own && !ours && !ast.IsExported(first) && rest != "":
		return // of a package that is not ours
	case own || !ours || !other[rest]:
		t.Errorf("%s: a comment links to [%s], which is not there for who reads it", path, link)
	case seen && !slices.Contains(publicNames(), first):
		t.Errorf("%s: a comment links to [%s], which other modules cannot import", path, link)
	}
}

// TestNamesInPages: what the pages call by a package's name exists.
func TestNamesInPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names, seen := declared(t), 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeName.FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(publicNames(), m[1]) {
				continue
			}
			seen++
			if !names[m[1]][m[2]] {
				t.Errorf("%s speaks of %s.%s, which is not there", page, m[1], m[2])
			}
		}
	}
	if seen < 10 {
		t.Errorf("the pages have %d names", seen)
	}
}

// publicNames are the names of the packages that others can import.
func publicNames() []string {
	all := []string{"tailor"}
	for name := range maps.Keys(mayImport) {
		if public(name) {
			all = append(all, filepath.Base(name))
		}
	}
	return all
}

// parsed has the files of all rooms but their tests, by room and path.
func parsed(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	all, fset := map[string]map[string]*ast.File{}, token.NewFileSet()
	for path, text := range sources(t) {
		if strings.Contains(path, "testdata/") {
			continue
		}
		f, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		room := filepath.ToSlash(filepath.Dir(path))
		if all[room] == nil {
			all[room] = map[string]*ast.File{}
		}
		all[room][path] = f
	}
	return all
}

// declared has what packages declare, by the name of the package: names, and members of types as
// Type.Member.
func declared(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	for _, files := range parsed(t) {
		for _, f := range files {
			names := all[f.Name.Name]
			if names == nil {
				names = map[string]bool{}
				all[f.Name.Name] = names
			}
			for _, d := range f.Decls {
				declare(names, d)
			}
		}
	}
	for _, files := range parsed(t) {
		for _, f := range files {
			addAliases(all, f)
		}
	}
	return all
}

// addAliases gives the aliases of a file, of types of other packages, the members of these types.
func addAliases(all map[string]map[string]bool, f *ast.File) {
	for _, d := range f.Decls {
		list, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range list.Specs {
			s, ok := s.(*ast.TypeSpec)
			if !ok || !s.Assign.IsValid() {
				continue
			}
			if of, ok := s.Type.(*ast.SelectorExpr); ok {
				addMembers(all[f.Name.Name], s.Name.Name, all[of.X.(*ast.Ident).Name], of.Sel.Name)
			}
		}
	}
}

// addMembers gives a type the members of another.
func addMembers(names map[string]bool, typ string, others map[string]bool, other string) {
	for name := range others {
		if member, ok := strings.CutPrefix(name, other+"."); ok {
			names[typ+"."+member] = true
		}
	}
}

func declare(names map[string]bool, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		names[receiver(d)+d.Name.Name] = true
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names[n.Name] = true
				}
			case *ast.TypeSpec:
				names[s.Name.Name] = true
				members(names, s)
			}
		}
	}
}

// receiver is "Type." of a method, and nothing of a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	typ := d.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	if g, ok := typ.(*ast.IndexExpr); ok {
		typ = g.X
	}
	if n, ok := typ.(*ast.Ident); ok {
		return n.Name + "."
	}
	return ""
}

// members adds the fields of a struct or the methods of an interface.
func members(names map[string]bool, s *ast.TypeSpec) {
	var list *ast.FieldList
	switch x := s.Type.(type) {
	case *ast.StructType:
		list = x.Fields
	case *ast.InterfaceType:
		list = x.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			names[s.Name.Name+"."+n.Name] = true
		}
	}
}

// exportedDocs are the comments of a file that describe what is exported, or the package.
func exportedDocs(f *ast.File) map[*ast.CommentGroup]bool {
	docs := map[*ast.CommentGroup]bool{f.Doc: true}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			typ := strings.TrimSuffix(receiver(d), ".")
			docs[d.Doc] = d.Name.IsExported() && (typ == "" || ast.IsExported(typ))
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() {
					docs[d.Doc], docs[s.Doc] = true, true
				}
			}
		}
	}
	delete(docs, nil)
	return docs
}
