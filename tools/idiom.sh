#!/bin/sh
# idiom.sh counts phrases that plain English has other words for, in every file of the
# repository that people read. It judges nothing: some uses are right ("outside of its
# own lock"). With a folder as its argument it prints the lines too.
cd "$(dirname "$0")/.." || exit
phrases='nobody
beside
for ever
takes? out
taken out
is over
are over
what leaves
what comes
of (its|their|his) own
anew
who waits?
makes? room
lets? go
at the mercy
for nothing
is told
are told
wants
dear(est|er)?
one a [a-z]+
all that (it|they) ha(s|ve)'
files() { git ls-files '*.go' '*.md' '*.html' | grep "^${1:-.}" | grep -v '^evidence/mutants/.*patch$'; }
echo "$phrases" | while read -r p; do
	printf '%-28s %5d\n' "$p" "$(files "$1" | xargs grep -ohwE "$p" | wc -l)"
	[ -z "$1" ] || files "$1" | xargs grep -nwE "$p"
done
