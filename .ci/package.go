//go:build ignore

// Package builds the packages of a release:
//
//	go run .ci/package.go [-version v1.2.3] [-out dist]
//
// For each platform it builds the program and packs it with the README and its
// pictures, the manual pages, the completions, the licences of the libraries, the
// examples for systemd, cron, Kubernetes and Slurm, and a bill of materials
// (CycloneDX), which is also written next to the package. SHA256SUMS lists all files.
//
// The same commit, version and Go version give the same bytes on every machine: builds
// are without cgo and paths, archives have the commit's time and sorted names, and
// nothing uses the current time.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// file is a file in a package.
type file struct {
	name string
	mode int64
	data []byte
}

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "the release's `name`; else git describe")
	out := flag.String("out", "dist", "the `folder` for the packages, replaced if it exists")
	flag.Parse()
	if err := pack(*version, *out); err != nil {
		log.Fatal(err)
	}
}

func pack(version, out string) error {
	if version == "" {
		version = run("git", "describe", "--tags", "--always", "--dirty")
	}
	seconds, err := strconv.ParseInt(run("git", "log", "-1", "--format=%ct"), 10, 64)
	if err != nil {
		return err
	}
	when := time.Unix(seconds, 0).UTC()
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fauna-export-package")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	host := filepath.Join(work, "host")
	build(version, runtime.GOOS, runtime.GOARCH, host)
	shared := []file{
		{"README.md", 0o644, read("README.md")},
		{"NOTICES.txt", 0o644, read("assets/notices.txt")},
	}
	pages := filepath.Join(work, "man1")
	if err := os.Mkdir(pages, 0o755); err != nil {
		return err
	}
	run(host, "man", "--dir", pages)
	names, err := filepath.Glob(filepath.Join(pages, "*.1"))
	if err != nil {
		return err
	}
	for _, name := range names {
		shared = append(shared, file{"man/man1/" + filepath.Base(name), 0o644, read(name)})
	}
	for shell, name := range map[string]string{"bash": "fauna-export.bash", "zsh": "_fauna-export", "fish": "fauna-export.fish", "powershell": "fauna-export.ps1"} {
		shared = append(shared, file{"completion/" + name, 0o644, []byte(output(host, "completion", shell))})
	}
	// Keep their paths, as the README refers to them.
	for _, folder := range []string{"service", "kubernetes", "slurm", "pictures"} {
		names, err := filepath.Glob("assets/" + folder + "/*")
		if err != nil {
			return err
		}
		for _, name := range names {
			shared = append(shared, file{filepath.ToSlash(name), 0o644, read(name)})
		}
	}

	sums := map[string]string{}
	keep := func(name string, data []byte) error {
		sum := sha256.Sum256(data)
		sums[name] = hex.EncodeToString(sum[:])
		fmt.Printf("%s  %s\n", sums[name], name)
		return os.WriteFile(filepath.Join(out, name), data, 0o644)
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, processor := range []string{"amd64", "arm64"} {
			name := fmt.Sprintf("fauna-export_%s_%s_%s", strings.TrimPrefix(version, "v"), system, processor)
			program := filepath.Join(work, system+processor)
			build(version, system, processor, program)
			bill, err := billOf(program, version, when)
			if err != nil {
				return err
			}
			inside := "fauna-export"
			if system == "windows" {
				inside += ".exe"
			}
			files := append([]file{{inside, 0o755, read(program)}, {"fauna-export.cdx.json", 0o644, bill}}, shared...)
			slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
			if system == "windows" {
				err = keep(name+".zip", zipOf(name, files, when))
			} else {
				err = keep(name+".tar.gz", tarOf(name, files, when))
			}
			if err == nil {
				err = keep(name+".cdx.json", bill)
			}
			if err != nil {
				return err
			}
		}
	}
	var lines []string
	for name, sum := range sums {
		lines = append(lines, sum+"  "+name+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644)
}

// build builds the program for a platform.
func build(version, system, processor, to string) {
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.released="+version+" -X main.commit="+run("git", "rev-parse", "HEAD"), "-o", to, "./cmd/fauna-export")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=")
	if text, err := command.CombinedOutput(); err != nil {
		log.Fatalf("build for %s/%s: %v\n%s", system, processor, err, text)
	}
}

// billOf returns the bill of materials of a program, from what Go recorded in
// it.
func billOf(program, version string, when time.Time) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	type component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref,omitempty"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl,omitempty"`
		Note    string `json:"description,omitempty"`
	}
	own := component{Type: "application", Ref: "fauna-export", Name: "fauna-export", Version: version}
	libraries := []component{{Type: "library", Ref: "std", Name: "std", Version: info.GoVersion, PURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}}
	refs := []string{"std"}
	for _, d := range info.Deps {
		purl := "pkg:golang/" + d.Path + "@" + d.Version
		libraries = append(libraries, component{"library", purl, d.Path, d.Version, purl, "go.sum " + d.Sum})
		refs = append(refs, purl)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata":     map[string]any{"timestamp": when.Format(time.RFC3339), "component": own},
		"components":   libraries,
		"dependencies": []map[string]any{{"ref": "fauna-export", "dependsOn": refs}},
	})
	return b.Bytes(), err
}

func tarOf(folder string, files []file, when time.Time) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	check(err)
	w := tar.NewWriter(z)
	for _, f := range files {
		check(w.WriteHeader(&tar.Header{Name: folder + "/" + f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: when, Format: tar.FormatUSTAR}))
		_, err := w.Write(f.data)
		check(err)
	}
	check(w.Close())
	check(z.Close())
	return b.Bytes()
}

func zipOf(folder string, files []file, when time.Time) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: when}
		h.SetMode(os.FileMode(f.mode))
		to, err := w.CreateHeader(h)
		check(err)
		_, err = to.Write(f.data)
		check(err)
	}
	check(w.Close())
	return b.Bytes()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

// run returns the first line of a program's output.
func run(name string, args ...string) string { return strings.TrimSpace(output(name, args...)) }

func output(name string, args ...string) string {
	command := exec.Command(name, args...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		log.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(text)
}
