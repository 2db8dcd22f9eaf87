package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

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
	var said lockedBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, said.String())
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

// The sample and 200 000 documents as an array of four tasks, one of them
// killed and requeued, must give the same bytes as one process.
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
	out := filepath.Join(s.dir, "out")
	script := filepath.Join(s.dir, "export.sbatch")
	text := fmt.Sprintf("#!/bin/sh\nexec %s run --domain %s --all --shard /4 --max-rate 30000 --compress zstd --no-input --out %s\n", binary, server.endpoint, out)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "FAUNA_SECRET="+server.Secret())
	job := s.run(t, "sbatch", "--parsable", "--array=0-3", "--cpus-per-task=1", "--requeue", "--open-mode=append", "--output="+s.dir+"/log-%a", script)
	killed := job + "_1"
	eventually(t, "shard 1 has begun a file", func() bool {
		found, _ := filepath.Glob(filepath.Join(out, ".fauna-export", "shard-00001.run.json"))
		return len(found) == 1
	})
	s.run(t, "scontrol", "requeue", killed)
	eventually(t, "the task is queued again", func() bool {
		state := s.run(t, "scontrol", "show", "job", killed)
		return strings.Contains(state, "Restarts=1") && strings.Contains(state, "JobState=PENDING")
	})
	s.run(t, "scontrol", "update", "jobid="+killed, "starttime=now") // otherwise Slurm waits two minutes
	eventually(t, "all tasks have ended", func() bool { return !busy(s.run(t, "squeue", "-h", "-t", "all", "-j", job, "-o", "%T")) })
	if got := runHere(t, nil, "finish", out); got.code != exitDone {
		logs, _ := filepath.Glob(s.dir + "/log-*")
		for _, log := range logs {
			text, _ := os.ReadFile(log)
			t.Logf("%s: %s", filepath.Base(log), text)
		}
		t.Fatalf("finish: exit %d: %s", got.code, got.err)
	}
	if log, err := os.ReadFile(s.dir + "/log-1"); err == nil {
		t.Logf("the task that was killed:\n%s", log)
	}
	env := []string{"FAUNA_SECRET=" + server.Secret()}
	if got := runHere(t, env, "verify", out, "--domain", server.endpoint); got.code != exitDone {
		t.Errorf("verify: exit %d: %s", got.code, got.err)
	}
	one := filepath.Join(s.dir, "one")
	if got := runHere(t, env, "run", "--domain", server.endpoint, "--all", "--out", one); got.code != exitDone {
		t.Fatal(got.err)
	}
	want, err := os.ReadFile(filepath.Join(one, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(out, "events-*-of-*.jsonl.zst"))
	if err != nil || len(parts) < 16 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	if got := plainText(t, parts); !bytes.Equal(got, want) {
		t.Errorf("%d parts with %d bytes are not the %d bytes of one process", len(parts), len(got), len(want))
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

// plainText returns the decompressed text of zstd files, concatenated.
func plainText(t *testing.T, files []string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := zstd.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.ReadFrom(z); err != nil {
			t.Fatal(err)
		}
		z.Close()
	}
	return out.Bytes()
}
