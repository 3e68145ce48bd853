package redis_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	. "github.com/cordonhq/cordon/internal/dissect/dissecttest"
	"github.com/cordonhq/cordon/internal/dissect/redis"
	"github.com/cordonhq/cordon/internal/observation"
)

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func array(words ...string) string {
	b := fmt.Sprintf("*%d\r\n", len(words))
	for _, w := range words {
		b += bulk(w)
	}
	return b
}

func command(name string) observation.Observation { return observation.RedisCommand{Name: name} }

func TestObservations(t *testing.T) {
	c := dissect.NewContext(nil, nil)
	signIn := func(user string) observation.Observation {
		return observation.DatabaseSignIn{Carrier: cordon.Redis, User: c.Pseudonym([]byte(user)), Password: true}
	}
	long := strings.Repeat("v", 20000)
	tests := []struct {
		name   string
		pieces []Piece
		want   []observation.Observation
	}{
		{"server describes itself", []Piece{Out(array("info", "server")), In(bulk("# Server\r\nredis_version:7.0.11\r\nos:Linux 6.1\r\n"))}, []observation.Observation{
			command("INFO"), observation.DatabaseServer{Carrier: cordon.Redis, Version: "7.0.11", System: "Linux 6.1"},
		}},
		{"sign-ins", []Piece{Out(array("AUTH", "secret")), In("-WRONGPASS no\r\n"), Out(array("AUTH", "Lab", "secret")), In("+OK\r\n")}, []observation.Observation{
			signIn("default"), observation.DatabaseResult{Carrier: cordon.Redis, Code: "WRONGPASS"},
			signIn("lab"), observation.DatabaseResult{Carrier: cordon.Redis, OK: true},
		}},
		{"long and many values are passed over", []Piece{Out(array("SET", "k", long, "EX", "5") + array("MSET", "a", "1", "b", "2")), In("+OK\r\n"), Out(array("get", "k")), In(bulk(long) + "+PONG\r\n")},
			[]observation.Observation{command("SET"), command("MSET"), command("GET")}},
		{"open to everybody, refused", []Piece{Out(array("CONFIG", "SET", "dir", "/")), In("-NOAUTH Authentication required.\r\n")}, []observation.Observation{
			command("CONFIG"), observation.DatabaseResult{Carrier: cordon.Redis, Code: "NOAUTH"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := Run(redis.Dissector(), tt.pieces...)
			if s.Flow.Protocol != cordon.Redis {
				t.Errorf("protocol %v", s.Flow.Protocol)
			}
			if d := cmp.Diff(tt.want, s.Observations); d != "" {
				t.Errorf("observations, -want +got:\n%s", d)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		head dissect.Head
		want dissect.Verdict
	}{
		{"command", dissect.Head{Data: []byte(array("PING"))}, dissect.Sure},
		{"first bytes", dissect.Head{Data: []byte("*1\r")}, dissect.More},
		{"IMAP greeting", dissect.Head{Dir: 1, Data: []byte("* OK ready\r\n"), Hint: true}, dissect.NotMine},
		{"POP3 greeting", dissect.Head{Dir: 1, Data: []byte("+OK ready\r\n")}, dissect.NotMine},
		{"answer on its port", dissect.Head{Dir: 1, Data: []byte("+PONG\r\n"), Hint: true}, dissect.Likely},
		{"text", dissect.Head{Data: []byte("GET / HTTP/1.1\r\n"), Hint: true}, dissect.NotMine},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redis.Dissector().Probe(&tt.head); got != tt.want {
				t.Errorf("verdict %d, want %d", got, tt.want)
			}
		})
	}
}

func Fuzz(f *testing.F) {
	Fuzzer(f, redis.Dissector(),
		[]Piece{Out(array("AUTH", "secret") + array("INFO") + "PING\r\n"), In("+OK\r\n" + bulk("redis_version:7\r\n"))},
		[]Piece{Out(array("SET", "k", "v", "EX", "5") + array("GET", "k")), In("$-1\r\n*2\r\n:1\r\n-NOAUTH x\r\n")},
	)
}
