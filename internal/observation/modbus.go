package observation

import "github.com/cordonhq/cordon"

// ModbusFunction is a Modbus function code (Modbus Application Protocol V1.1b3
// §5), without the exception bit.
type ModbusFunction uint8

// The public function codes that carry meaning beyond their number.
const (
	ModbusReadCoils          ModbusFunction = 1
	ModbusReadDiscreteInputs ModbusFunction = 2
	ModbusReadHolding        ModbusFunction = 3
	ModbusReadInput          ModbusFunction = 4
	ModbusWriteCoil          ModbusFunction = 5
	ModbusWriteRegister      ModbusFunction = 6
	ModbusDiagnostics        ModbusFunction = 8
	ModbusWriteCoils         ModbusFunction = 15
	ModbusWriteRegisters     ModbusFunction = 16
	ModbusReportServerID     ModbusFunction = 17
	ModbusWriteFileRecord    ModbusFunction = 21
	ModbusMaskWrite          ModbusFunction = 22
	ModbusReadWriteRegisters ModbusFunction = 23
	ModbusReadFIFO           ModbusFunction = 24
	ModbusEncapsulated       ModbusFunction = 43 // 0x2b, device identification among others
)

// Writes reports whether the function changes the server's data.
func (f ModbusFunction) Writes() bool {
	switch f {
	case ModbusWriteCoil, ModbusWriteRegister, ModbusWriteCoils, ModbusWriteRegisters,
		ModbusWriteFileRecord, ModbusMaskWrite, ModbusReadWriteRegisters:
		return true
	}
	return false
}

// ModbusRequest is one request of a client.
type ModbusRequest struct {
	Unit     uint8 // server behind a gateway, 0 and 255 for the addressed device itself
	Function ModbusFunction
	// Address and Quantity are the first coil or register and how many, for
	// the functions that name them; a ModbusReadWriteRegisters states those
	// that it writes. For ModbusDiagnostics Address is the sub-function.
	Address, Quantity uint16
}

// Protocol implements Observation.
func (ModbusRequest) Protocol() cordon.Protocol { return cordon.Modbus }

// Facts implements Observation; a request tells nothing of who sent it.
func (ModbusRequest) Facts(func(Fact)) {}

// ModbusException is a server's refusal.
type ModbusException struct {
	Unit     uint8
	Function ModbusFunction
	Code     uint8 // §7: 1 illegal function, 2 illegal address, 3 illegal value, 4 failure, …
}

// Protocol implements Observation.
func (ModbusException) Protocol() cordon.Protocol { return cordon.Modbus }

// Facts implements Observation.
func (ModbusException) Facts(func(Fact)) {}

// ModbusIdentity is what a server says of itself: the objects of Read Device
// Identification (§6.21), or the text of Report Server ID (§6.13). A server
// may say it in several answers, each with a part.
type ModbusIdentity struct {
	Unit        uint8
	Vendor      string
	ProductCode string
	Revision    string // MajorMinorRevision
	VendorURL   string
	ProductName string
	ModelName   string
	Application string // UserApplicationName
	ServerID    string // Report Server ID, when it is text
}

// Protocol implements Observation.
func (ModbusIdentity) Protocol() cordon.Protocol { return cordon.Modbus }

// Facts implements Observation.
func (m ModbusIdentity) Facts(yield func(Fact)) {
	fact(yield, Sender, "vendor-name", m.Vendor)
	fact(yield, Sender, "product-code", m.ProductCode)
	fact(yield, Sender, "revision", m.Revision)
	fact(yield, Sender, "vendor-url", m.VendorURL)
	fact(yield, Sender, "product-name", m.ProductName)
	fact(yield, Sender, "model-name", m.ModelName)
	fact(yield, Sender, "user-application-name", m.Application)
	fact(yield, Sender, "server-id", m.ServerID)
}
