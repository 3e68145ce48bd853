package lab

import (
	"sync/atomic"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// Counts is what reached its receiver since the lab came up.
type Counts struct {
	VitalsReceived    uint64 `json:"vitals_received"`     // by the central station, from monitors and the ventilator
	MonitorAlerts     uint64 `json:"monitor_alerts"`      // by the central station
	PumpReports       uint64 `json:"pump_reports"`        // by the pump gateway
	PumpAlerts        uint64 `json:"pump_alerts"`         // by the pump gateway
	Admissions        uint64 `json:"admissions"`          // by both
	LibrariesFetched  uint64 `json:"libraries_fetched"`   // by pumps, from their gateway
	BuildingReadings  uint64 `json:"building_readings"`   // by the building management server
	StudiesStored     uint64 `json:"studies_stored"`      // acknowledged by the archive
	StudiesRetrieved  uint64 `json:"studies_retrieved"`   // by the reading workstation
	WorklistQueries   uint64 `json:"worklist_queries"`    // answered by the archive
	DocumentsOpened   uint64 `json:"documents_opened"`    // from the file share
	RecordsOpened     uint64 `json:"records_opened"`      // from the health record
	PagesViewed       uint64 `json:"pages_viewed"`        // of the archive, the building and the record, by people
	DatabaseQueries   uint64 `json:"database_queries"`    // answered by the record database
	WearableReadings  uint64 `json:"wearable_readings"`   // by the central station, from the broker
	Alarms            uint64 `json:"alarms"`              // likewise, from monitors and wearables
	NurseCalls        uint64 `json:"nurse_calls"`         // answered
	SignIns           uint64 `json:"sign_ins"`            // accepted by the RADIUS server
	NamesLookedUp     uint64 `json:"names_looked_up"`     // answered by the gateway, also that there is none
	TimesAsked        uint64 `json:"times_asked"`         // answered by the gateway
	SNMPReadings      uint64 `json:"snmp_readings"`       // of the printer and the power supply
	Backups           uint64 `json:"backups"`             // of the record database
	RemoteSessions    uint64 `json:"remote_sessions"`     // of the vendor
	ActionsFailed     uint64 `json:"actions_failed"`      // exchanges that did not come about
	LastActionProblem string `json:"last_action_problem"` // what the last of them said
}

// tallies are the live counters behind Counts.
type tallies struct {
	vitals, monitorAlerts, pumpReports, pumpAlerts, admissions       atomic.Uint64
	stored, retrieved, worklists, documents, records, pages, queries atomic.Uint64
	wearables, alarms, calls, signIns, lookups, clocks               atomic.Uint64
	watched, backups, sessions, failed                               atomic.Uint64
	problem                                                          atomic.Pointer[string]
	building                                                         *sim.BuildingServer
	library                                                          *sim.Library
}

func (t *tallies) counts() Counts {
	c := Counts{
		VitalsReceived: t.vitals.Load(), MonitorAlerts: t.monitorAlerts.Load(), PumpReports: t.pumpReports.Load(), PumpAlerts: t.pumpAlerts.Load(), Admissions: t.admissions.Load(),
		LibrariesFetched: t.library.Fetched.Load(), BuildingReadings: t.building.Readings.Load(),
		StudiesStored: t.stored.Load(), StudiesRetrieved: t.retrieved.Load(), WorklistQueries: t.worklists.Load(),
		DocumentsOpened: t.documents.Load(), RecordsOpened: t.records.Load(), PagesViewed: t.pages.Load(), DatabaseQueries: t.queries.Load(),
		WearableReadings: t.wearables.Load(), Alarms: t.alarms.Load(), NurseCalls: t.calls.Load(), SignIns: t.signIns.Load(),
		NamesLookedUp: t.lookups.Load(), TimesAsked: t.clocks.Load(), SNMPReadings: t.watched.Load(), Backups: t.backups.Load(), RemoteSessions: t.sessions.Load(),
		ActionsFailed: t.failed.Load(),
	}
	if p := t.problem.Load(); p != nil {
		c.LastActionProblem = *p
	}
	return c
}

func (t *tallies) fail(err error) {
	t.failed.Add(1)
	text := err.Error()
	t.problem.Store(&text)
}

// Line is one count in words.
type Line struct {
	What  string
	Times uint64
}

// Lines are the counts for people.
func (c *Counts) Lines() []Line {
	return []Line{
		{"vital signs at the central station", c.VitalsReceived}, {"monitors' alerts there", c.MonitorAlerts},
		{"pumps' reports at their gateway", c.PumpReports}, {"pumps' alerts there", c.PumpAlerts}, {"drug libraries taken by pumps", c.LibrariesFetched},
		{"admissions and transfers", c.Admissions}, {"worklists asked for", c.WorklistQueries}, {"studies stored", c.StudiesStored}, {"studies opened", c.StudiesRetrieved},
		{"records opened", c.RecordsOpened}, {"documents opened", c.DocumentsOpened}, {"pages viewed", c.PagesViewed}, {"database queries", c.DatabaseQueries}, {"backups", c.Backups},
		{"readings of wearables", c.WearableReadings}, {"alarms through the broker", c.Alarms}, {"nurse calls", c.NurseCalls}, {"sign-ins over RADIUS", c.SignIns},
		{"readings of the building", c.BuildingReadings}, {"SNMP readings", c.SNMPReadings}, {"names looked up", c.NamesLookedUp}, {"times asked", c.TimesAsked},
		{"vendor's sessions", c.RemoteSessions}, {"exchanges that did not come about", c.ActionsFailed},
	}
}
