package sim

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/simonvetter/modbus"
)

// BACnet/IP (ANSI/ASHRAE 135, Annex J), as far as a thermostat needs it.
const (
	bacnetPort = 47808

	serviceWhoIs        = 8
	serviceIAm          = 0
	serviceReadProperty = 12

	propObjectName   = 77
	propPresentValue = 85
	propModelName    = 70
	propVendorName   = 121
	propFirmware     = 44

	objectAnalogInput = 0
	objectDevice      = 8
)

// Thermostat is a BACnet room controller.
type Thermostat struct {
	Env
	Instance uint32 // of its device object
	VendorID byte   // as ASHRAE assigns them
	Vendor   string
	Model    string
	Firmware string
}

// Run answers Who-Is and ReadProperty until ctx ends.
func (t *Thermostat) Run(ctx context.Context) error {
	c, err := t.At.ListenPacket(ctx, "udp4", fmt.Sprintf("0.0.0.0:%d", bacnetPort))
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if answer := t.answer(buf[:n]); answer != nil {
			_, _ = c.WriteTo(answer, from) // a lost answer is asked for again
		}
	}
}

// answer returns the reply to one request, or nil.
func (t *Thermostat) answer(b []byte) []byte {
	if len(b) < 8 || b[0] != 0x81 || b[4] != 1 {
		return nil
	}
	apdu := b[6:]
	switch {
	case apdu[0] == 0x10 && apdu[1] == serviceWhoIs:
		return bvlc([]byte{0x10, serviceIAm, 0xc4}, objectID(objectDevice, t.Instance), []byte{0x22, 0x01, 0xe0, 0x91, 0x03, 0x21, t.VendorID})
	case apdu[0]&0xf0 == 0 && len(apdu) >= 11 && apdu[3] == serviceReadProperty && apdu[4] == 0x0c && apdu[9] == 0x19:
		value := t.property(apdu[10])
		if value == nil {
			return bvlc([]byte{0x50, apdu[2], serviceReadProperty, 0x91, 0x02, 0x91, 0x20}) // error: property, unknown-property
		}
		return bvlc([]byte{0x30, apdu[2], serviceReadProperty}, apdu[4:11], []byte{0x3e}, value, []byte{0x3f})
	}
	return nil
}

func (t *Thermostat) property(id byte) []byte {
	switch id {
	case propPresentValue:
		degrees := 21 + 1.5*math.Sin(float64(t.Clock.Now().Unix()%86400)/86400*2*math.Pi)
		return binary.BigEndian.AppendUint32([]byte{0x44}, math.Float32bits(float32(degrees)))
	case propObjectName:
		return characters("Room controller 2.14")
	case propModelName:
		return characters(t.Model)
	case propVendorName:
		return characters(t.Vendor)
	case propFirmware:
		return characters(t.Firmware)
	}
	return nil
}

func bvlc(parts ...[]byte) []byte {
	b := []byte{0x81, 0x0a, 0, 0, 0x01, 0x00}
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func objectID(kind, instance uint32) []byte {
	return binary.BigEndian.AppendUint32(nil, kind<<22|instance&0x3fffff)
}

// characters is a character string in UTF-8, of at most 252 octets.
func characters(s string) []byte { return append([]byte{0x75, byte(len(s) + 1), 0}, s...) }

// GasPanel is a medical gas alarm panel that tells pipeline pressures over
// Modbus/TCP: oxygen, air and vacuum in kPa as input registers 0 to 2.
type GasPanel struct{ Env }

// Run answers until ctx ends.
func (g *GasPanel) Run(ctx context.Context) error {
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + net.JoinHostPort(g.IP, "502"), MaxClients: 4}, g)
	if err != nil {
		return err
	}
	if err := g.At.Do(server.Start); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Stop()
}

// HandleInputRegisters implements modbus.RequestHandler.
func (g *GasPanel) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	pressures := []uint16{400, 400, 60} // kPa, as EN ISO 7396-1 has them for oxygen and air
	if int(r.Addr)+int(r.Quantity) > len(pressures) {
		return nil, modbus.ErrIllegalDataAddress
	}
	return pressures[r.Addr : r.Addr+r.Quantity], nil
}

// HandleCoils implements modbus.RequestHandler: there are none.
func (g *GasPanel) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleDiscreteInputs implements modbus.RequestHandler: there are none.
func (g *GasPanel) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleHoldingRegisters implements modbus.RequestHandler: there are none.
func (g *GasPanel) HandleHoldingRegisters(*modbus.HoldingRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

// BuildingServer polls the thermostat and the gas panel, as a building
// management system does.
type BuildingServer struct {
	Env
	Thermostat, GasPanel netip.Addr

	Readings atomic.Uint64
}

const (
	pollEvery   = time.Minute
	replyWithin = 2 * time.Second
)

// ServeConsole shows the building to those who look after it, until ctx ends.
func (s *BuildingServer) ServeConsole(ctx context.Context) error {
	return s.serve(ctx, 80, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><html><head><title>Metasys</title></head><body>Sign in</body></html>") // the client may have hung up
	}))
}

// Run polls until ctx ends.
func (s *BuildingServer) Run(ctx context.Context) error {
	c, err := s.At.ListenPacket(ctx, "udp4", fmt.Sprintf("%s:%d", s.IP, bacnetPort))
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	for invoke := byte(0); ctx.Err() == nil; invoke++ {
		if err := s.pollThermostat(c, invoke); err != nil && ctx.Err() == nil {
			s.Log.Warn("thermostat does not answer", "err", err)
		}
		if err := s.pollGas(); err != nil && ctx.Err() == nil {
			s.Log.Warn("gas panel does not answer", "err", err)
		}
		if err := s.Clock.Pace(ctx, pollEvery); err != nil {
			return nil
		}
	}
	return nil
}

// pollThermostat asks who is there now and then, for its names, and each time
// for the temperature.
func (s *BuildingServer) pollThermostat(c net.PacketConn, invoke byte) error {
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.Thermostat, bacnetPort))
	if invoke%16 == 0 {
		if err := exchange(c, to, bvlc([]byte{0x10, serviceWhoIs})); err != nil {
			return err
		}
		for _, p := range []byte{propVendorName, propModelName, propFirmware, propObjectName} {
			if err := exchange(c, to, readProperty(invoke, objectDevice, p)); err != nil {
				return err
			}
		}
	}
	if err := exchange(c, to, readProperty(invoke, objectAnalogInput, propPresentValue)); err != nil {
		return err
	}
	s.Readings.Add(1)
	return nil
}

func readProperty(invoke byte, object uint32, property byte) []byte {
	instance := uint32(1)
	b := bvlc([]byte{0x00, 0x05, invoke, serviceReadProperty, 0x0c}, objectID(object, instance), []byte{0x19, property})
	b[5] = 0x04 // a reply is expected
	return b
}

func exchange(c net.PacketConn, to net.Addr, request []byte) error {
	if _, err := c.WriteTo(request, to); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(replyWithin)); err != nil {
		return err
	}
	_, _, err := c.ReadFrom(make([]byte, 1500))
	return err
}

func (s *BuildingServer) pollGas() error {
	client, err := modbus.NewClient(&modbus.ClientConfiguration{URL: "tcp://" + netip.AddrPortFrom(s.GasPanel, 502).String(), Timeout: replyWithin})
	if err != nil {
		return err
	}
	if err := s.At.Do(client.Open); err != nil {
		return err
	}
	if _, err := client.ReadRegisters(0, 3, modbus.INPUT_REGISTER); err != nil {
		_ = client.Close() // the reading's error says more
		return err
	}
	s.Readings.Add(1)
	return client.Close()
}
