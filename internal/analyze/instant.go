package analyze

import (
	"bytes"
	"time"
)

// appendInstant prints ns, nanoseconds since the Unix epoch and not negative,
// as RFC 3339 in UTC with microseconds. Time's own way by layout costs several
// times as much, and a capture has many times.
func appendInstant(b []byte, ns int64) []byte {
	b = append(appendSecond(b, ns), '.')
	micros := uint64(ns % int64(time.Second) / int64(time.Microsecond))
	b = appendTwo(b, micros/10000)
	b = appendTwo(b, micros/100%100)
	b = appendTwo(b, micros%100)
	return append(b, 'Z')
}

// appendNano is appendInstant to the nanosecond, without zeros at the end, as
// times have it in JSON.
func appendNano(b []byte, ns int64) []byte {
	b = appendSecond(b, ns)
	if rest := uint64(ns % int64(time.Second)); rest > 0 {
		b = append(b, '.', '0'+byte(rest/1e8))
		for place := uint64(1e6); place > 0; place /= 100 {
			b = appendTwo(b, rest/place%100)
		}
		b = bytes.TrimRight(b, "0")
	}
	return append(b, 'Z')
}

func appendSecond(b []byte, ns int64) []byte {
	year, month, day := time.Unix(0, ns).UTC().Date()
	b = appendTwo(appendTwo(b, uint64(year)/100), uint64(year)%100)
	b = appendTwo(append(b, '-'), uint64(month))
	b = appendTwo(append(b, '-'), uint64(day))
	seconds := uint64(ns / int64(time.Second) % (24 * 60 * 60))
	b = appendTwo(append(b, 'T'), seconds/3600)
	b = appendTwo(append(b, ':'), seconds/60%60)
	return appendTwo(append(b, ':'), seconds%60)
}

// appendTwo prints n, below 100, with two digits.
func appendTwo(b []byte, n uint64) []byte {
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}
