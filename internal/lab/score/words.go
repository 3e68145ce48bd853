package score

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// judge compares where the truth says something.
func judge(want, got string, same func(want, got string) bool) Judgement {
	return Judgement{Want: want, Got: got, Right: want == "" || got != "" && same(words(want), words(got))}
}

// words is text in lower case without accents and punctuation.
func words(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r): // an accent
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// sameMaker reports whether two names are of one maker: makers are known by the
// first word of their names, and sign with more or fewer of the others.
func sameMaker(want, got string) bool {
	w, _, _ := strings.Cut(want, " ")
	g, _, _ := strings.Cut(got, " ")
	return w == g
}

func contains(want, got string) bool { return strings.Contains(got, want) }
