package analyze

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// fill sets all that v holds to something, so that a field that is new to the
// writer is missed.
func fill(v reflect.Value, r *rand.Rand) {
	switch v.Interface().(type) {
	case time.Time:
		at := time.Unix(r.Int64N(4e9), r.Int64N(10)*1e8+r.Int64N(2)*r.Int64N(1e8)).UTC()
		v.Set(reflect.ValueOf([]time.Time{at, {}, at.In(time.FixedZone("", 3600)), at.AddDate(-200, 0, 0)}[max(r.IntN(20)-16, 0)]))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf([]netip.Addr{{}, netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fe80::1")}[r.IntN(3)]))
		return
	case netid.MAC:
		v.Set(reflect.ValueOf(netid.MAC{byte(r.IntN(2)), 0, 0, 0, 0, byte(r.IntN(2))}))
		return
	case cordon.Protocol:
		v.Set(reflect.ValueOf(cordon.Protocol(r.IntN(60))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		texts := []string{"", "pump-12", "a b~", `q"\`, "<script>&", "ward é 東", "\x00\n\x7f", "\xff\u2028", "$1"}
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Uint16:
		v.SetUint(r.Uint64N(3) * 300)
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 1)
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, 0.93, 0.2, 1e-7, 1e-6, 1e21, -0.5, r.Float64()}[r.IntN(9)])
	case reflect.Pointer:
		if r.IntN(2) == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), r)
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
		}
		for i := range v.Len() {
			fill(v.Index(i), r)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r)
		}
	default:
		panic("a device holds a " + v.Type().String())
	}
}

func TestDevicesAreWrittenAsEncodingJSONDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var d cordon.Device
		fill(reflect.ValueOf(&d).Elem(), r)
		want, err := json.Marshal(&d)
		if err != nil {
			t.Fatal(err)
		}
		want = append([]byte(`{"type":"device",`), want[1:]...)
		if got := appendDevice(nil, &d); !bytes.Equal(got, want) {
			t.Fatalf("written as\n%s\nwant\n%s", got, want)
		}
	}
}
