package pipeline

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/ofa"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// publishedFile is one of the shared test data, which is not part of the project.
func publishedFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TAILOR_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "ofa", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data: %v; set TAILOR_DATA to the folder that has ofa/%s", err, name)
	}
	return path
}

func ofaArch(t *testing.T, s *supernet.Space, text string) supernet.Arch {
	t.Helper()
	a, err := s.ParseArch([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestImportPublishedAccuracy holds predictions to what PyTorch 1.13.1 computes (tools/ofacheck).
func TestImportPublishedAccuracy(t *testing.T) {
	path := publishedFile(t, "acc_predictor.pth")
	s, err := supernet.LoadSpace("ofa-mbv3-w1.2")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ImportAccuracy(s, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range publishedTop1 {
		got, err := a.Predict([]supernet.Arch{ofaArch(t, s, text)})
		if err != nil || math.Abs(got[0]-want) > 1e-5 {
			t.Errorf("%s: %v, PyTorch gives %v (%v)", text, got, want, err)
		}
	}
	for _, r := range []int{128, 144} {
		arch := s.Max()
		arch.Resolution = uint16(r)
		var unknown *predictor.UnknownResolutionError
		if top1, err := a.Predict([]supernet.Arch{arch}); !errors.As(err, &unknown) {
			t.Errorf("predicts %v at %d px, which it was not fitted to (%v)", top1, r, err)
		}
	}
	if in := a.Inputs["published"]; in.Path != "acc_predictor.pth" ||
		in.SHA256 != fileHash(t, path) {
		t.Errorf("comes from %+v", in)
	}
}

// TestPublishedResolutions: the inputs of resolutions that the published predictor was not fitted
// to have PyTorch's initial weights still, which are within 1/sqrt(inputs).
func TestPublishedResolutions(t *testing.T) {
	n, _, err := ofa.ReadAccuracy(publishedFile(t, "acc_predictor.pth"))
	if err != nil {
		t.Fatal(err)
	}
	inputs, units := n.Sizes[0], n.Sizes[1]
	for at := range 8 {
		row := n.Weights[(120+at)*units : (121+at)*units]
		fitted := slices.ContainsFunc(row, func(w float32) bool {
			return math.Abs(float64(w)) > 1/
				math.Sqrt(float64(inputs))
		})
		if r := 112 + 16*at; fitted != slices.Contains(ofa.PublishedResolutions(), r) {
			t.Errorf("%d px: fitted %v", r, fitted)
		}
	}
}

var publishedTop1 = map[string]float64{
	`{"ks":3,"e":3,"d":2,"r":160}`: 0.753118614,
	`{"ks":7,"e":6,"d":4,"r":224}`: 0.835927775,
	`{"ks":5,"e":4,"d":3,"r":192}`: 0.805927993,
	`{"ks":[3,5,0,0,7,3,5,0,3,3,5,7,5,5,0,0,7,3,3,0],"e":[3,4,0,0,6,3,4,0,3,6,4,3,6,6,0,0,4,3,6,0],"d":[2,3,4,2,3],"r":[176]}`: 0.787596649,
}

func TestImportPublishedLatency(t *testing.T) {
	var files []string
	for _, r := range []string{"160", "176", "192", "208", "224"} {
		files = append(files, publishedFile(t, filepath.Join("note10", r+"_lookup_table.yaml")))
	}
	s, err := supernet.LoadSpace("ofa-mbv3-w1.2")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ImportLatency(s, "note10", "unknown", files)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range publishedMS {
		a := publishedArch(t, s, id)
		for r, ms := range want {
			a.Resolution = uint16(r)
			got, err := l.Predict([]supernet.Arch{a})
			if err != nil || math.Abs(got[0]-ms) > 0.0005 {
				t.Errorf("%s at %d: %v ms, the tables' sum is %v (%v)", id, r, got, ms, err)
			}
		}
	}
	var unreachable *search.UnreachableError
	accuracy, err := ImportAccuracy(s, publishedFile(t, "acc_predictor.pth"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = search.Find(t.Context(), search.Query{Space: s, Accuracy: accuracy, Latency: l,
		Limits: search.Limits{LatencyMS: 9}}, optimize.Defaults())
	if !errors.As(err, &unreachable) || math.Abs(unreachable.Smallest-9.89) > 0.005 {
		t.Errorf("%v, want that 9.89 ms is the smallest", err)
	}
}

// publishedMS are sums over the tables' means by resolution, computed from the published
// configurations by another program.
var publishedMS = map[string]map[int]float64{
	"note10_lat-30ms_top1-78.4_finetune-75": {160: 16.864, 192: 22.506, 224: 29.965},
	"note10_lat-50ms_top1-79.7_finetune-75": {176: 32.554, 208: 44.559, 224: 50.337},
	"flops-595M_top1-80.0_finetune-75":      {160: 25.568, 224: 46.904},
}

// publishedArch finds the genes of a published network.
func publishedArch(t *testing.T, s *supernet.Space, id string) supernet.Arch {
	t.Helper()
	var all []struct {
		ID     string
		Config struct {
			Blocks []struct {
				Conv struct {
					Out    int     `json:"out_channels"`
					Kernel int     `json:"kernel_size"`
					Expand float64 `json:"expand_ratio"`
				} `json:"mobile_inverted_conv"`
			}
		} `json:"net_config"`
	}
	text, err := os.ReadFile(publishedFile(t, "published_subnets.json"))
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.ID != id {
			continue
		}
		spec := s.Spec(s.Min())
		clear(spec.D)
		stage, index := -1, 0
		for i, b := range p.Config.Blocks[1:] { // the first is fixed
			if i == 0 || b.Conv.Out != p.Config.Blocks[i].Conv.Out {
				stage, index = stage+1, 0
			}
			spec.D[stage]++
			spec.KS[4*stage+index], spec.E[4*stage+index] = b.Conv.Kernel, b.Conv.Expand
			index++
		}
		a, err := s.Arch(spec)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	t.Fatalf("%s is not among the published networks", id)
	return supernet.Arch{}
}
