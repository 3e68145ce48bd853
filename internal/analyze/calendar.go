package analyze

import "time"

// calendar prints packet times as RFC 3339 in UTC with microseconds. It keeps
// the text of the day at hand: one capture has few days and many times.
type calendar struct {
	day  int64 // since the Unix epoch
	date []byte
}

// append prints ns, nanoseconds since the Unix epoch and not negative.
func (c *calendar) append(b []byte, ns int64) []byte {
	const perDay = int64(24 * time.Hour)
	if day := ns / perDay; day != c.day || c.date == nil {
		c.day, c.date = day, time.Unix(0, ns).UTC().AppendFormat(c.date[:0], "2006-01-02T")
	}
	micros := uint64(ns % perDay / int64(time.Microsecond))
	seconds, fraction := micros/1e6, micros%1e6
	b = append(b, c.date...)
	b = append(appendTwo(b, seconds/3600), ':')
	b = append(appendTwo(b, seconds/60%60), ':')
	b = append(appendTwo(b, seconds%60), '.')
	b = appendTwo(b, fraction/10000)
	b = appendTwo(b, fraction/100%100)
	b = appendTwo(b, fraction%100)
	return append(b, 'Z')
}

// appendTwo prints n, below 100, with two digits.
func appendTwo(b []byte, n uint64) []byte {
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}
