package observation

import "github.com/cordonhq/cordon"

// RedisCommand is a client's command, without its arguments.
type RedisCommand struct{ Name string }

// Protocol implements Observation.
func (o RedisCommand) Protocol() cordon.Protocol { return cordon.Redis }

// Facts implements Observation.
func (o RedisCommand) Facts(func(Fact)) {}
