package assets

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Decode the example with Kubernetes' own types, which reject unknown fields.
func TestKubernetes_exampleIsValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("kubernetes/export.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var claim core.PersistentVolumeClaim
	var export, finish batch.Job
	documents := bytes.Split(text, []byte("\n---\n"))
	if len(documents) != 3 {
		t.Fatalf("%d documents", len(documents))
	}
	for i, into := range []any{&claim, &export, &finish} {
		if err := yaml.UnmarshalStrict(documents[i], into); err != nil {
			t.Fatalf("document %d: %v", i+1, err)
		}
	}
	if export.APIVersion != "batch/v1" || export.Kind != "Job" || claim.Kind != "PersistentVolumeClaim" {
		t.Errorf("%s %s, %s", export.APIVersion, export.Kind, claim.Kind)
	}
	if export.Spec.CompletionMode == nil || *export.Spec.CompletionMode != batch.IndexedCompletion || finish.Spec.Suspend == nil || !*finish.Spec.Suspend {
		t.Error("the job is not indexed, or the one that finishes it does not wait")
	}
	n := *export.Spec.Completions
	main := export.Spec.Template.Spec.Containers[0]
	if len(main.Command) > 0 || !slices.Contains(main.Args, fmt.Sprintf("--shard=/%d", n)) || *export.Spec.Parallelism != n {
		t.Errorf("%d completions, %d at once, with %q %q", n, *export.Spec.Parallelism, main.Command, main.Args)
	}
	if from := main.Env[0].ValueFrom; main.Env[0].Name != "FAUNA_SECRET" || from == nil || from.SecretKeyRef == nil {
		t.Errorf("the secret comes from %+v", main.Env)
	}
	var out string
	for _, arg := range main.Args {
		if value, ok := strings.CutPrefix(arg, "--out="); ok {
			out = value
		}
	}
	if got := finish.Spec.Template.Spec.Containers[0].Args; !slices.Equal(got, []string{"finish", out}) {
		t.Errorf("what finishes %s is %q", out, got)
	}
	for _, job := range []batch.Job{export, finish} {
		spec := job.Spec.Template.Spec
		if claimed := spec.Volumes[0].PersistentVolumeClaim; claimed == nil || claimed.ClaimName != claim.Name || spec.RestartPolicy != core.RestartPolicyNever {
			t.Errorf("%s: %+v", job.Name, spec)
		}
		mount := spec.Containers[0].VolumeMounts[0]
		if mount.Name != spec.Volumes[0].Name || !strings.HasPrefix(out, mount.MountPath+"/") {
			t.Errorf("%s: %s is not below %s", job.Name, out, mount.MountPath)
		}
	}
}

func TestSlurm_theExampleHasAsManyTasksAsShards(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("slurm/export.sbatch")
	if err != nil {
		t.Fatal(err)
	}
	last := regexp.MustCompile(`(?m)^#SBATCH --array=0-(\d+)$`).FindSubmatch(text)
	of := regexp.MustCompile(`(?m)^\t--shard /(\d+) \\$`).FindSubmatch(text)
	if last == nil || of == nil {
		t.Fatal("the array or the shard has another form")
	}
	var tasks, shards int
	if _, err := fmt.Sscan(string(last[1])+" "+string(of[1]), &tasks, &shards); err != nil || tasks+1 != shards {
		t.Errorf("tasks 0 to %d are %d shards: %v", tasks, shards, err)
	}
}
