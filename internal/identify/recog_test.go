package identify

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cordonhq/cordon/internal/platform/corpus"
)

// recogFile is one of recog's files of fingerprints: regular expressions with
// examples and what they should tell.
type recogFile struct {
	Fingerprints []struct {
		Examples []struct {
			Encoding string `xml:"_encoding,attr"`
			File     string `xml:"_filename,attr"`
			Text     string `xml:",chardata"`
		} `xml:"example"`
		Params []struct {
			Pos   string `xml:"pos,attr"`
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"param"`
	} `xml:"fingerprint"`
}

// TestRecogExamples measures our rules on examples that others have collected:
// how many of those that tell a device's maker get the right one. It is a
// yardstick, not a goal: much of what recog knows was sold decades ago.
func TestRecogExamples(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(corpus.Dir(t), "recog.tar.zst")
	if out, err := exec.Command("tar", "--zstd", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot unpack %s: %v: %s", archive, err, out)
	}
	r := load(t)
	for _, c := range []struct {
		file, source, field string
		atLeast             float64 // share of right makers
	}{
		{"dhcp_vendor_class.xml", "dhcp", "vendor-class", 0.9},
		{"snmp_sysdescr.xml", "snmp", "sys-descr", 0.75},
		{"snmp_sysobjid.xml", "snmp", "sys-object-id", 0.6},
		{"http_servers.xml", "http", "server", 0.5},
		{"html_title.xml", "http", "title", 0.25},
		{"ssh_banners.xml", "ssh", "software", 0.8},
		{"smb_native_os.xml", "smb1", "native-os", 0.7},
		{"mdns_device-info_txt.xml", "mdns", "txt", 0.9},
	} {
		t.Run(c.file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(dir, "recog", "xml", c.file))
			if err != nil {
				t.Fatal(err)
			}
			var f recogFile
			if err := xml.NewDecoder(bytes.NewReader(content)).Decode(&f); err != nil {
				t.Fatal(err)
			}
			s := r.score(&f, c.source, c.field)
			t.Logf("%d examples with a maker or system: %d right (%.0f%%), %d wrong, %d silent", s.all, s.right, 100*s.share(), s.wrong, s.all-s.right-s.wrong)
			for _, miss := range s.misses[:min(len(s.misses), 400)] {
				t.Logf("  %s", miss)
			}
			if s.share() < c.atLeast {
				t.Errorf("%.0f%% right, want %.0f%%", 100*s.share(), 100*c.atLeast)
			}
		})
	}
}

type recogScore struct {
	all, right, wrong int
	misses            []string
}

func (s *recogScore) share() float64 { return float64(s.right) / float64(max(s.all, 1)) }

// score counts for which examples the rules name the maker, or the system
// where that is all there is to know.
func (r *Rules) score(f *recogFile, source, field string) recogScore {
	var s recogScore
	for _, fp := range f.Fingerprints {
		params := map[string]string{}
		for _, p := range fp.Params {
			if p.Pos == "0" {
				params[p.Name] = p.Value
			}
		}
		maker := params["hw.vendor"]
		if maker == "" {
			maker = params["os.vendor"]
		}
		if maker == "" {
			continue
		}
		for _, e := range fp.Examples {
			text := strings.TrimSpace(e.Text)
			if e.Encoding == "base64" {
				raw, _ := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
				text = string(raw)
			}
			if text == "" || e.File != "" {
				continue
			}
			s.all++
			fact := Fact{Source: source, Field: field, Value: text}
			if field == "txt" {
				key, value, _ := strings.Cut(text, "=")
				fact.Field, fact.Value = "txt-"+key, value
			}
			id := r.Identify([]Fact{fact})
			switch {
			case r.vendors.canonical(maker) == id.Vendor || r.sameSystem(maker, params["os.family"], id.OS):
				s.right++
			case id.Vendor != "":
				s.wrong++
				s.misses = append(s.misses, fmt.Sprintf("%q is from %s, not %s", text, maker, id.Vendor))
			default:
				s.misses = append(s.misses, fmt.Sprintf("%q is from %s (os %s)", text, maker, id.OS))
			}
		}
	}
	return s
}

// sameSystem reports whether an operating system is of the maker that recog
// names: systems are no vendors with us.
func (r *Rules) sameSystem(maker, family, os string) bool {
	systems := map[string][]string{
		"Microsoft": {"Windows", "Microsoft"}, "Ubuntu": {"Ubuntu"}, "Debian": {"Debian", "Linux"}, "Raspbian": {"Raspbian", "Debian"}, "FreeBSD": {"FreeBSD"},
		"Linux": {"Linux"}, "Red Hat": {"Red Hat", "Linux"}, "CentOS": {"CentOS", "Linux", "Red Hat"}, "Fedora Project": {"Fedora", "Linux"}, "SuSE": {"SUSE", "Linux"},
		"OpenBSD": {"OpenBSD"}, "NetBSD": {"NetBSD"}, "Oracle": {"Solaris"}, "Sun": {"Solaris"}, "Google": {"Android", "ChromeOS"}, "Novell": {"Novell"},
		"Wind River": {"VxWorks"}, "Apple": {"macOS"}, "Samba": {"Unix"},
	}[maker]
	return os != "" && (slices.ContainsFunc(systems, func(s string) bool { return strings.HasPrefix(os, s) }) || family != "" && strings.HasPrefix(os, family))
}
