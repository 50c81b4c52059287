package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/internal/quickstart"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

const schemaDir = "../../docs/schema"

// written gives a value of the type that each schema describes.
func written() map[string]any {
	return map[string]any{
		"run": trainer.Info{}, "checkpoint": trainer.State{}, "metrics": trainer.Metric{},
		"profile":  profiles.Profile{},
		"accuracy": predictor.Accuracy{}, "latency": predictor.Latency{},
		"energy":   predictor.Energy{},
		"manifest": manifest.Manifest{}, "front": search.FrontDocument{},
		"summary": quickstart.Summary{},
		"pruning": prune.Info{}, "pruning-state": prune.State{},
		"variants":      profiles.VariantTimes{},
		"gene-accuracy": genes.Predictor{}, "gene-latency": genes.Predictor{},
		"gene-search": genesearch.Document{},
	}
}

func parse(t *testing.T, name string, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func readJSON(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, path, text)
}

// compileSchemas gives the schemas by name: that of profile/1 is profile.
func compileSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent()
	schemas := map[string]*jsonschema.Schema{}
	for name := range written() {
		s, err := c.Compile(filepath.Join(schemaDir, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		schemas[name] = s
	}
	return schemas
}

// TestDocumentsFitSchemas walks from images to manifests, and validates every document on the way.
func TestDocumentsFitSchemas(t *testing.T) {
	w := newWalkthrough(t)
	w.walk()
	schemas := compileSchemas(t)
	seen := map[string]int{}
	for path, document := range w.documents() {
		kind, _, _ := strings.Cut(document["tailor"].(string), "/")
		if seen[kind]++; schemas[kind] == nil {
			t.Fatalf("%s is of kind %s, which has no schema", path, kind)
		}
		if err := schemas[kind].Validate(document); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	want := map[string]int{"run": 2, "checkpoint": 4, "profile": 1, "accuracy": 1, "latency": 2,
		"manifest": 13, "pruning": 3, "pruning-state": 3, "variants": 1, "front": 3}
	if !maps.Equal(seen, want) {
		t.Errorf("the walk wrote %v, want %v", seen, want)
	}
	for _, line := range w.metrics() {
		if err := schemas["metrics"].Validate(line); err != nil {
			t.Errorf("metrics.jsonl: %v in %v", err, line)
		}
	}
	if err := schemas["summary"].Validate(w.summary()); err != nil {
		t.Errorf("summary: %v", err)
	}
	w.checkResults()
	for path, document := range w.documents() {
		kind, _, _ := strings.Cut(document["tailor"].(string), "/")
		checkRefusals(t, path, schemas[kind], document)
		if kind == "manifest" {
			checkLineage(t, path, schemas[kind], document)
		}
	}
}

// checkLineage: a pruned network has a parent and what goes with it, any other a predictor and no
// parent.
func checkLineage(t *testing.T, path string, schema *jsonschema.Schema, document map[string]any) {
	t.Helper()
	refused := func(what string, object map[string]any, key string, value any) {
		was, there := object[key]
		if object[key] = value; value == nil {
			delete(object, key)
		}
		if schema.Validate(document) == nil {
			t.Errorf("%s: accepted %s", path, what)
		}
		if object[key] = was; !there {
			delete(object, key)
		}
	}
	inputs := document["inputs"].(map[string]any)
	pruned, ok := document["pruned"].(map[string]any)
	if finetuned, ok := document["finetuned"].(map[string]any); ok {
		refused("without a parent", inputs, "parent", nil)
		refused("without weights", document, "weights", nil)
		refused("of no epochs", finetuned, "epochs", json.Number("0"))
		refused("pruned at once", document, "pruned", finetuned)
		return
	}
	if !ok {
		refused("without a predictor", inputs, "accuracy", nil)
		refused("with a parent, but not pruned", inputs, "parent", inputs["accuracy"])
		return
	}
	after := pruned["after"].(map[string]any)
	refused("without a parent", inputs, "parent", nil)
	refused("without weights", document, "weights", nil)
	if pruned["structure"] == "vectors" {
		refused("vectors without a run", pruned, "run", nil)
		refused("weights with a run", pruned, "structure", "weights")
	} else {
		refused("a run of what has none", pruned, "run", json.Number("8"))
	}
	refused("all weights gone", pruned, "sparsity", json.Number("1"))
	refused("a latency without its interval", after, "latency_ci_low_ms", nil)
	refused("an accuracy of no images", after, "images", nil)
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s: the test did not repair it: %v", path, err)
	}
}

// checkRefusals breaks a document in every way that a slip of the pen can.
func checkRefusals(t *testing.T, path string, schema *jsonschema.Schema, document map[string]any) {
	t.Helper()
	for _, key := range schema.Required {
		broken := maps.Clone(document)
		delete(broken, key)
		if schema.Validate(broken) == nil {
			t.Errorf("%s: accepted without %s", path, key)
		}
	}
	for _, object := range closedObjects(document) {
		object["misspelt"] = json.Number("1")
		if schema.Validate(document) == nil {
			t.Errorf("%s: accepted with a misspelt key in %v", path,
				slices.Sorted(maps.Keys(object)))
		}
		delete(object, "misspelt")
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s: the test did not repair it: %v", path, err)
	}
}

// closedObjects lists the objects of a document, of lists those of the first element, but not maps
// whose keys are free.
func closedObjects(v any) (all []map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		all = append(all, v)
		for key, x := range v {
			if key != "blocks_ms" && key != "options" && key != "unavailable" &&
				key != "part" {
				all = append(all, closedObjects(x)...)
			}
		}
	case []any:
		if len(v) > 0 {
			all = closedObjects(v[0])
		}
	}
	return all
}

// TestSchemasFollowGo compares the fields of every schema with those of the type that is written:
// the same names, and required unless the type leaves empty ones out.
func TestSchemasFollowGo(t *testing.T) {
	for name, v := range written() {
		s := schemaFile{t, map[string]any{}}
		s.compare(name, s.load(name+".json"), reflect.TypeOf(v))
	}
}

// schemaFile is a schema as it is written, with the files that it refers to.
type schemaFile struct {
	t     *testing.T
	files map[string]any
}

func (s *schemaFile) load(file string) place {
	if s.files[file] == nil {
		s.files[file] = readJSON(s.t, filepath.Join(schemaDir, file))
	}
	return place{file, s.files[file].(map[string]any)}
}

// place is a schema inside a file.
type place struct {
	file string
	node map[string]any
}

// follow gives the place that a reference names, or p itself.
func (s *schemaFile) follow(p place) place {
	ref, ok := p.node["$ref"].(string)
	if !ok {
		return p
	}
	file, name, _ := strings.Cut(ref, "#/$defs/")
	if file == "" {
		file = p.file
	}
	defs := s.load(file).node["$defs"].(map[string]any)
	target, ok := defs[name].(map[string]any)
	if !ok {
		s.t.Fatalf("%s: %s leads nowhere", p.file, ref)
	}
	return s.follow(place{file, target})
}

// properties gives those of p and of what it refers to, and which are required.
func (s *schemaFile) properties(p place) (properties map[string]place, required map[string]bool) {
	properties, required = map[string]place{}, map[string]bool{}
	for _, from := range []place{p, s.follow(p)} {
		own, _ := from.node["properties"].(map[string]any)
		for name, v := range own {
			properties[name] = place{from.file, v.(map[string]any)}
		}
		names, _ := from.node["required"].([]any)
		for _, name := range names {
			required[name.(string)] = true
		}
	}
	return properties, required
}

func (s *schemaFile) compare(at string, p place, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		items, ok := s.follow(p).node["items"].(map[string]any)
		if !ok {
			s.t.Errorf("%s: the schema has no items", at)
			return
		}
		s.compare(at+"[]", place{s.follow(p).file, items}, typ.Elem())
		return
	case typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]():
		return
	}
	properties, required := s.properties(p)
	fields := jsonFields(typ)
	if _, ok := properties["inputs"]; !ok {
		delete(fields, "inputs") // of a kind that is made from nothing else
	}
	if got, want := slices.Sorted(maps.Keys(properties)),
		slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		s.t.Errorf("%s: the schema has %v, the type writes %v", at, got, want)
	}
	for name, f := range fields {
		// Documents leave out empty inputs, but some kinds always have some.
		if required[name] == f.optional && name != "inputs" {
			s.t.Errorf("%s.%s: required is %v in the schema, left out when empty is %v in the type",
				at, name, required[name], f.optional)
		}
		if sub, ok := properties[name]; ok {
			s.compare(at+"."+name, sub, f.typ)
		}
	}
}

type jsonField struct {
	typ      reflect.Type
	optional bool
}

// jsonFields lists what encoding/json writes of a struct.
func jsonFields(typ reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			fields[name] = jsonField{f.Type, strings.Contains(options, "omit")}
		}
	}
	return fields
}

// TestSchemasDescribe wants a description of every property, and every object closed.
func TestSchemasDescribe(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(schemaDir, "*.json"))
	if err != nil || len(files) != len(written())+1 { // and common.json
		t.Fatalf("%d schemas (%v), want %d", len(files), err, len(written())+1)
	}
	for _, file := range files {
		checkDescribed(t, filepath.Base(file), readJSON(t, file))
	}
}

func checkDescribed(t *testing.T, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		properties, _ := v["properties"].(map[string]any)
		if v["type"] == "object" && v["additionalProperties"] == nil &&
			v["unevaluatedProperties"] == nil {
			t.Errorf("%s is open to any key", at)
		}
		for name, p := range properties {
			if text, _ := p.(map[string]any)["description"].(string); text == "" &&
				!strings.HasSuffix(at, ".if") {
				t.Errorf("%s.%s has no description", at, name)
			}
		}
		for key, x := range v {
			checkDescribed(t, at+"."+key, x)
		}
	case []any:
		for _, x := range v {
			checkDescribed(t, at, x)
		}
	}
}
