package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
	"fauna-export/fauna/emulator"
)

// slurm is a real Slurm with one node and two processors, on loopback.
type slurm struct {
	dir string
	env []string
}

// startSlurm starts Debian's munged, slurmctld and slurmd in the test's folder.
// slurmd needs root.
func startSlurm(t *testing.T) *slurm {
	t.Helper()
	needPrograms(t, "munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
	if os.Geteuid() != 0 {
		lacks(t, "slurmd starts only as root")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	s := &slurm{dir: t.TempDir()}
	for _, name := range []string{"state", "spool", "munge"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	key := make([]byte, 128)
	_, _ = rand.Read(key)
	conf := fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge/sock
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool
SlurmctldPidFile=%[2]s/ctld.pid
SlurmdPidFile=%[2]s/d.pid
SlurmctldPort=%[3]d
SlurmdPort=%[4]d
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=2
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=%[1]s Default=YES MaxTime=INFINITE State=UP
`, host, s.dir, freePort(t), freePort(t))
	for name, text := range map[string][]byte{"slurm.conf": []byte(conf), "munge/key": key} {
		if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(os.Environ(), "SLURM_CONF="+s.dir+"/slurm.conf")
	s.daemon(t, "munged", "--foreground", "--force", "--key-file="+s.dir+"/munge/key", "--socket="+s.dir+"/munge/sock",
		"--pid-file="+s.dir+"/munge/pid", "--log-file="+s.dir+"/munge/log", "--seed-file="+s.dir+"/munge/seed")
	eventually(t, "munged listens", func() bool { _, err := os.Stat(s.dir + "/munge/sock"); return err == nil })
	s.daemon(t, "slurmctld", "-D")
	s.daemon(t, "slurmd", "-D", "-N", host)
	eventually(t, "the node is idle", func() bool {
		out, err := s.command("sinfo", "-h", "-o", "%t").Output()
		return err == nil && strings.TrimSpace(string(out)) == "idle"
	})
	return s
}

func (s *slurm) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// daemon starts a program that is stopped when the test ends.
func (s *slurm) daemon(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := s.command(name, args...)
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, output.String())
		}
	})
}

func (s *slurm) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := s.command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// freePort returns a free loopback port.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// An array of four tasks, one of them killed and requeued, must export the sample and
// 200 000 documents to the same bytes as one process, into a folder and into a real
// object store.
func TestSlurm_anArrayOfFourMakesTheFilesOfOneProcess(t *testing.T) {
	t.Parallel()
	s := startSlurm(t)
	server := serveSample(t)
	const documents = 200_000
	err := server.Load("events", func(yield func(emulator.Document) bool) {
		for i := range int64(documents) {
			data := fmt.Appendf(nil, `{"n":%d,"text":"%0200d"}`, i, i)
			if !yield(emulator.Document{ID: 1<<58 + i*i, TS: 1_700_000_000_000_000 + i, Data: data}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"FAUNA_SECRET=" + server.Secret(), "FAUNA_EXPORT_DOMAIN=" + server.endpoint}
	one := store.NewFolder(filepath.Join(s.dir, "one"))
	if got := runHere(t, env, "run", "--all", "--out", one.Name()); got.code != exitDone {
		t.Fatal(got.err)
	}
	want := rowsOf(t, one)
	t.Run("folder", func(t *testing.T) {
		s.exportByFour(t, env, store.NewFolder(filepath.Join(s.dir, "out")), want)
	})
	t.Run("s3", func(t *testing.T) {
		g := storetest.NewGateway(t)
		options := storetest.S3Options(g.Endpoint)
		env := append(env[:len(env):len(env)], "FAUNA_EXPORT_S3_ENDPOINT="+g.Endpoint,
			"AWS_ACCESS_KEY_ID="+options.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY="+options.Getenv("AWS_SECRET_ACCESS_KEY"))
		out, err := store.NewS3(t.Context(), "s3://"+storetest.Bucket+"/slurm", options)
		if err != nil {
			t.Fatal(err)
		}
		s.exportByFour(t, env, out, want)
	})
}

// exportByFour exports everything into a store with an array of four tasks, one of
// which is killed and requeued, finishes the run, and compares the rows.
func (s *slurm) exportByFour(t *testing.T, env []string, out store.Store, want map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(dir, "export.sbatch")
	text := fmt.Sprintf("#!/bin/sh\necho $$ > %s/pid-$SLURM_ARRAY_TASK_ID\nexec %s run --all --shard /4 --max-rate 30000 --compress zstd --no-input --out %s\n", dir, binary, out.Name())
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	s = &slurm{dir: dir, env: append(s.env[:len(s.env):len(s.env)], env...)}
	job := s.run(t, "sbatch", "--parsable", "--array=0-3", "--cpus-per-task=1", "--requeue", "--open-mode=append", "--output="+dir+"/log-%a", script)
	t.Cleanup(func() {
		logs, _ := filepath.Glob(dir + "/log-*")
		for _, log := range logs {
			text, _ := os.ReadFile(log)
			t.Logf("%s:\n%s", filepath.Base(log), text)
		}
	})
	killed := job + "_1"
	eventually(t, "shard 1 has begun", func() bool {
		entries, err := out.List()
		return err == nil && slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Name == store.WorkPrefix+"shard-00001.run.json" })
	})
	number, err := os.ReadFile(dir + "/pid-1")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(number)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the task has died", func() bool {
		return strings.Contains(s.run(t, "scontrol", "show", "job", killed), "JobState=FAILED")
	})
	s.run(t, "scontrol", "requeue", killed)
	eventually(t, "the task is queued again", func() bool {
		state := s.run(t, "scontrol", "show", "job", killed)
		return strings.Contains(state, "Restarts=1") && strings.Contains(state, "JobState=PENDING")
	})
	s.run(t, "scontrol", "update", "jobid="+killed, "starttime=now") // otherwise Slurm waits two minutes
	eventually(t, "all tasks have ended", func() bool { return !busy(s.run(t, "squeue", "-h", "-t", "all", "-j", job, "-o", "%T")) })
	got := runHere(t, env, "finish", out.Name())
	if got.code != exitDone {
		t.Fatalf("finish: exit %d: %s", got.code, got.err)
	}
	t.Logf("finish:\n%s", got.err)
	if got = runHere(t, env, "verify", out.Name()); got.code != exitDone {
		t.Errorf("verify: exit %d: %s", got.code, got.err)
	}
	t.Logf("verify:\n%s", got.err)
	rows := rowsOf(t, out)
	if len(rows) != len(want) {
		t.Errorf("%d collections, one process has %d", len(rows), len(want))
	}
	for name, text := range want {
		if !bytes.Equal(rows[name], text) {
			t.Errorf("%s: %d bytes are not the %d of one process", name, len(rows[name]), len(text))
		}
	}
	if m, err := archive.ReadManifest(out); err != nil || len(m.Chain("events")) < 16 {
		t.Errorf("the manifest: %v, %v", m, err)
	}
}

// busy reports whether any of the task states is not final.
func busy(states string) bool {
	for state := range strings.Lines(states) {
		switch strings.TrimSpace(state) {
		case "COMPLETED", "FAILED", "CANCELLED", "NODE_FAIL", "TIMEOUT":
		default:
			return true
		}
	}
	return false
}

// rowsOf returns the decompressed text of each collection of a finished run, its
// files concatenated.
func rowsOf(t *testing.T, from store.Store) map[string][]byte {
	t.Helper()
	m, err := archive.ReadManifest(from)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range m.Collections {
		f, size, err := from.Open(e.File)
		if err != nil {
			t.Fatal(err)
		}
		var in io.Reader = io.LimitReader(f, size)
		if strings.HasSuffix(e.File, ".zst") {
			z, err := zstd.NewReader(in)
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			in = z
		}
		text, err := io.ReadAll(in)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name] = append(out[e.Name], text...)
	}
	return out
}
