package identify

import (
	"regexp/syntax"
	"strings"
)

// requiredLiteral returns a text, in lower case, that every match of the
// expression contains when case is disregarded; "" if there is none. Looking
// for it first spares most of the matching. It also compiles the expression as
// far as it takes to refuse a wrong one.
func requiredLiteral(expression string) (string, error) {
	re, err := syntax.Parse(expression, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return "", err
	}
	return longestLiteral(re.Simplify()), nil
}

func longestLiteral(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return foldable(string(re.Rune))
	case syntax.OpCapture, syntax.OpPlus:
		return longestLiteral(re.Sub[0])
	case syntax.OpConcat:
		best := ""
		for _, sub := range re.Sub {
			if l := longestLiteral(sub); len(l) > len(best) {
				best = l
			}
		}
		return best
	default:
		return ""
	}
}

// foldable keeps the longest run of ASCII: beyond it, two letters that fold
// alike need not have the same lower case.
func foldable(s string) string {
	best := ""
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return r >= 0x80 || r == 'k' || r == 'K' || r == 's' || r == 'S' }) {
		if len(run) > len(best) {
			best = run
		}
	}
	return strings.ToLower(best)
}
