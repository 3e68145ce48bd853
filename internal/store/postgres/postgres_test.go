package postgres_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/cordonhq/cordon/internal/store/postgres"
	"github.com/cordonhq/cordon/internal/store/postgres/pgtest"
	"github.com/cordonhq/cordon/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, postgres.Open) }

// start starts a server, or skips the test where there is none to start.
func start(t testing.TB) *pgtest.Server {
	t.Helper()
	if _, err := pgtest.Find(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("needed in CI: %v", err)
		}
		t.Skip(err)
	}
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func engine(server *pgtest.Server) storetest.Engine {
	return storetest.Engine{
		Fresh: server.Database,
		Open:  postgres.Open,
		MakeNewer: func(t testing.TB, place string) {
			conn, err := pgx.Connect(t.Context(), place)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), `INSERT INTO cordon_schema (version_id, is_applied) VALUES (900000, true)`); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestContract(t *testing.T) { storetest.Run(t, engine(start(t))) }

func Benchmark(b *testing.B) { storetest.Bench(b, engine(start(b))) }
