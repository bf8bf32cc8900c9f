#!/usr/bin/env bash
# Runs every check of the project, each as a named step, and stops at the first one
# that fails. Without arguments all of them; with arguments only the named ones:
#
#   ./check.sh
#   ./check.sh lint unit
#
# It needs Go and nothing else; as root on Debian it installs what the checks use.
# With CI=true nothing is optional: a tool that is missing or a test that is skipped
# without leave is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly LINT_VERSION=v2.15.0
readonly FUZZ_TIME="${FUZZ_TIME:-3s}"
readonly STEPS=(tools format tidy build vet lint documents numbers unit demo race fuzz)

main() {
  local steps=("$@")
  [[ ${#steps[@]} -gt 0 ]] || steps=("${STEPS[@]}")
  local step began
  for step in "${steps[@]}"; do
    declare -F "step_$step" >/dev/null || fail "no step is called \"$step\"; there are: ${STEPS[*]}"
  done
  for step in "${steps[@]}"; do
    began=$SECONDS
    printf '\n== %s\n' "$step"
    "step_$step"
    printf -- '-- %s: %d s\n' "$step" $((SECONDS - began))
  done
  printf '\nAll checks passed in %d s: %s\n' "$SECONDS" "${steps[*]}"
}

in_ci() { [[ "${CI:-}" == "true" ]]; }

fail() {
  printf 'check.sh: %s\n' "$*" >&2
  exit 1
}

# without TEXT: what to do about something missing. A developer may go on, CI may not.
without() {
  in_ci && fail "$*"
  printf 'check.sh: %s (CI would fail)\n' "$*" >&2
}

# files PATTERN...: the files of the repository that match, also new ones that are
# not added yet; of a source archive without git, all that are there.
files() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- "$@"
  else
    local names=() pattern
    for pattern in "$@"; do names+=(-o -name "$pattern"); done
    find . -type f -not -path './.git/*' \( "${names[@]:1}" \) -printf '%P\n'
  fi
}

# The outside tools that tests compare with, and the compiler of the race detector.
step_tools() {
  command -v go >/dev/null || fail "Go is not installed"
  go version
  local wanted=(xmllint:libxml2-utils xmlsec1:xmlsec1 openssl:openssl zip:zip unzip:unzip git:git gcc:gcc)
  local missing=() pair
  for pair in "${wanted[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [[ -e /usr/include/stdlib.h ]] || missing+=(libc6-dev)
  [[ -e /etc/ssl/certs/ca-certificates.crt ]] || missing+=(ca-certificates)
  if [[ ${#missing[@]} -eq 0 ]]; then
    echo "outside tools: all there"
  elif [[ "$(id -u)" == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    without "please install: ${missing[*]}"
  fi
}

step_format() {
  local untidy
  untidy=$(files '*.go' | while IFS= read -r name; do [[ ! -e "$name" ]] || echo "$name"; done | xargs -r gofmt -l)
  [[ -z "$untidy" ]] || fail "gofmt would change:"$'\n'"$untidy"
}

step_tidy() { go mod tidy -diff && go mod verify; }

# What is delivered is built without cgo.
step_build() { CGO_ENABLED=0 go build ./... && CGO_ENABLED=0 go build -tags nomsgpack -o /dev/null ./cmd/todoke; }

step_vet() {
  go vet ./...
  local script
  for script in scripts/*.go; do go vet "$script"; done
}

# The linter is built from source once and kept by version.
step_lint() {
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/todoke-tools/golangci-lint-$LINT_VERSION-$(go env GOVERSION)"
  if [[ ! -x "$folder/golangci-lint" ]]; then
    echo "building golangci-lint $LINT_VERSION (a few minutes, once)"
    GOBIN="$folder" GOFLAGS= go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$LINT_VERSION" || {
      without "golangci-lint $LINT_VERSION cannot be installed"
      return 0
    }
  fi
  "$folder/golangci-lint" config verify
  "$folder/golangci-lint" run --max-issues-per-linter=0 --max-same-issues=0 ./...
}

# Links and words of the documents; and that nothing the program has is left out of
# them: direct dependencies, assumptions, settings, kinds of hold, states.
step_documents() {
  files '*.md' | go run scripts/docs.go
  sed -n '/^require (/,/^)/p' go.mod | grep -v '// indirect' | awk '/^\t/ {print $1}' | documented docs/dependencies.md
  grep -o '"id": *"[^"]*"' schemas/assumptions.json | cut -d'"' -f4 | documented docs/assumptions.md
  grep -o 'koanf:"[a-z_]*"' config/config.go | cut -d'"' -f2 | documented docs/operations.md
  sed -n 's/.* HoldKind = "\([a-z_]\{1,\}\)".*/`\1`/p' queue/state.go | documented docs/operations.md
  sed -n 's/.* State *= "\([a-z_]\{1,\}\)".*/`\1`/p' queue/state.go | documented docs/glossary.md
}

# documented FILE: every name on standard input stands in the file.
documented() {
  local name missing=()
  while IFS= read -r name; do
    grep -qF "${name#github.com/knadh/koanf/}" "$1" || missing+=("$name")
  done
  [[ ${#missing[@]} -eq 0 ]] || fail "$1 does not mention: ${missing[*]}"
}

step_numbers() { files '*' | go run scripts/numbers.go -allowed scripts/synthetic-numbers.txt; }

# The test command of the README. Skipped tests are listed; in CI only those of
# scripts/allowed-skips.txt may be skipped.
step_unit() {
  local strict=()
  ! in_ci || strict=(-strict)
  go test -json ./... | go run scripts/testreport.go "${strict[@]}" -allowed scripts/allowed-skips.txt
}

# The other command of the README, into a folder that is thrown away.
step_demo() {
  local folder
  folder=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of this call
  trap "rm -rf '$folder'" EXIT
  go run ./cmd/todoke demo --dir "$folder/office" --json | tee "$folder/result.json"
  grep -q '"duplicates": *0' "$folder/result.json" || fail "the demo reports duplicates"
  grep -q '"usage_verified": *true' "$folder/result.json" || fail "the demo's usage log does not verify"
  rm -rf "$folder"
  trap - EXIT
}

# With the race detector, which needs cgo. Tests that start whole processes look at
# durability and not at memory; they honour -short.
step_race() { CGO_ENABLED=1 go test -race -short ./...; }

# Every fuzz target for a moment: enough to see that it starts, runs its corpus and
# holds for some thousands of inputs. Longer: FUZZ_TIME=5m ./check.sh fuzz
step_fuzz() {
  local file name folder built="" output
  fuzz_scratch=$(mktemp -d)
  trap 'rm -rf "$fuzz_scratch"' EXIT
  while IFS=: read -r file name; do
    folder=$(dirname "$file")
    if [[ "$folder" != "$built" ]]; then
      go test -c -fuzz=. -o "$fuzz_scratch/fuzz.test" "./$folder" # once a package, not once a target
      built=$folder
    fi
    output=$(cd "$folder" && "$fuzz_scratch/fuzz.test" -test.run='^$' -test.fuzz="^$name\$" \
      -test.fuzztime="$FUZZ_TIME" -test.fuzzcachedir="$fuzz_scratch/corpus/$folder" 2>&1) ||
      fail "$name in $folder failed; the input is kept in its testdata/fuzz"$'\n'"$output"
    printf '%s %s: %s\n' "$folder" "$name" "$(grep 'fuzz: elapsed' <<<"$output" | tail -n 1 | sed 's/.*execs: //')"
  done < <(fuzz_targets)
  rm -rf "$fuzz_scratch"
  trap - EXIT
}

# fuzz_targets prints file:name of every fuzz target.
fuzz_targets() { files '*_test.go' | xargs -r grep -sowHE '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/' | sort; }

main "$@"
