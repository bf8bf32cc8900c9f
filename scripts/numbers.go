//go:build ignore

// Command numbers looks through files (names on standard input, one a line) for
// what could be somebody's My Number: twelve digits with a valid check digit, in a
// row or in three groups of four, half or full width. Only the plainly synthetic
// numbers of scripts/synthetic-numbers.txt may stand in the repository.
//
//	git ls-files | go run scripts/numbers.go -allowed scripts/synthetic-numbers.txt
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"todoke/mynumber"
)

// candidate is a run of twelve digits that is not part of a longer one. Letters
// beside it are no excuse, except in checksums, which exempt leaves out as files.
var candidate = regexp.MustCompile(`[0-9]+(?:[-_./\t ][0-9]{4})*`)

// exempt are files that consist of checksums.
var exempt = map[string]bool{"go.sum": true}

func main() {
	list := flag.String("allowed", "", "file with the patterns of synthetic numbers")
	flag.Parse()
	allowed, err := readPatterns(*list)
	if err != nil {
		fmt.Fprintln(os.Stderr, "numbers:", err)
		os.Exit(2)
	}
	files, found := 0, 0
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		name := names.Text()
		info, err := os.Stat(name)
		if exempt[name] || err != nil || info.IsDir() {
			continue // deleted but not committed yet
		}
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "numbers:", err)
			os.Exit(2)
		}
		files++
		found += look(name, string(text), allowed)
	}
	fmt.Printf("%d files, %d numbers that could be real\n", files, found)
	if files == 0 || found > 0 {
		os.Exit(1)
	}
}

func readPatterns(path string) ([]*regexp.Regexp, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var patterns []*regexp.Regexp
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		pattern, err := regexp.Compile("^(?:" + line + ")$")
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, pattern)
	}
	return patterns, nil
}

var halfWidth = strings.NewReplacer(
	"０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9",
	"－", "-", "　", " ", "‐", "-", "−", "-", "ー", "-",
)

// look reports each candidate by place; the message masks it, since a log is kept
// longer than a mistake.
func look(name, text string, allowed []*regexp.Regexp) int {
	found, number := 0, 0
	for line := range strings.Lines(halfWidth.Replace(text)) {
		number++
		for _, match := range candidate.FindAllString(line, -1) {
			digits := strings.NewReplacer("-", "", " ", "", ".", "", "/", "", "_", "", "\t", "").Replace(match)
			if len(digits) != 12 || !valid(digits) || synthetic(digits, allowed) {
				continue
			}
			fmt.Printf("%s:%d: %s********** could be somebody's number; use one of scripts/synthetic-numbers.txt\n", name, number, digits[:2])
			found++
		}
	}
	return found
}

func valid(digits string) bool {
	var first [11]byte
	for i := range first {
		first[i] = digits[i] - '0'
	}
	return mynumber.CheckDigit(first) == digits[11]-'0'
}

func synthetic(digits string, allowed []*regexp.Regexp) bool {
	for _, pattern := range allowed {
		if pattern.MatchString(digits) {
			return true
		}
	}
	return false
}
