package sqlite_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/cordonhq/cordon/internal/store/sqlite"
	"github.com/cordonhq/cordon/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, sqlite.Open) }

var engine = storetest.Engine{
	Fresh: func(t testing.TB) string { return filepath.Join(t.TempDir(), "a b?c#d%20é") },
	Open:  sqlite.Open,
	MakeNewer: func(t testing.TB, place string) {
		db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.Join(place, sqlite.FileName)}).String())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`INSERT INTO cordon_schema (version_id, is_applied) VALUES (900000, 1)`); err != nil {
			t.Fatal(err)
		}
	},
}

func TestContract(t *testing.T) { storetest.Run(t, engine) }

func Benchmark(b *testing.B) { storetest.Bench(b, engine) }
