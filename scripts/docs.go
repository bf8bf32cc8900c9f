//go:build ignore

// Command docs reads the Markdown files of the repository (names on standard
// input, one a line): every relative link leads to a file that is there, and
// nothing in them is about a machine, a ticket or unfinished work.
//
//	git ls-files '*.md' | go run scripts/docs.go
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var link = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)\s]*)?\)`)

// unwanted says what may not stand in a document, and why.
var unwanted = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(^|[\s"'(=\x60])/(home|root|tmp|work|Users)/`), "a path of one machine"},
	{regexp.MustCompile(`\x60\.\./`), "a path that is relative to nothing the reader knows"},
	{regexp.MustCompile(`(^|\s)#[0-9]+\b|\bGH-[0-9]+|/(issues|pull)/[0-9]+`), "a ticket: say what holds, not where it was discussed"},
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|WIP)\b`), "unfinished work: say what is missing under its status"},
	{regexp.MustCompile(`(?i)\b(coming soon|blazing|seamless|cutting.edge|state.of.the.art|revolutionary)\b`), "a slogan"},
	{regexp.MustCompile(`(?i)proxy\.[a-z]+\.org|sum\.[a-z]+\.org|registry\.[a-z]+\.[a-z]+`), "a registry's host"},
}

func main() {
	files, found := 0, 0
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		text, err := os.ReadFile(names.Text())
		if os.IsNotExist(err) {
			continue // deleted but not committed yet
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "docs:", err)
			os.Exit(2)
		}
		files++
		found += look(names.Text(), string(text))
	}
	fmt.Printf("%d documents, %d findings\n", files, found)
	if files == 0 || found > 0 {
		os.Exit(1)
	}
}

func look(name, text string) int {
	found, number := 0, 0
	for line := range strings.Lines(text) {
		number++
		for _, u := range unwanted {
			if u.pattern.MatchString(line) {
				fmt.Printf("%s:%d: %s\n", name, number, u.why)
				found++
			}
		}
		for _, match := range link.FindAllStringSubmatch(line, -1) {
			if why := broken(name, match[1]); why != "" {
				fmt.Printf("%s:%d: link %s %s\n", name, number, match[1], why)
				found++
			}
		}
	}
	return found
}

func broken(from, target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	path := filepath.Join(filepath.Dir(from), target)
	if strings.HasPrefix(path, "..") {
		return "leaves the repository"
	}
	_, err := os.Stat(path)
	if err != nil {
		return "leads nowhere"
	}
	return ""
}
