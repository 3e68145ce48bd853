package site

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics collects what the site counts each time that it is asked.
type metrics struct {
	site *Site

	packets, bytes, drops, malformed, shed, live *prometheus.Desc
	devices, conversations, findings             *prometheus.Desc
	storeHealthy, dataAge                        *prometheus.Desc
}

func newMetrics(s *Site) *metrics {
	source := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("cordon_sensor_"+name, help, []string{"source"}, nil)
	}
	plain := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("cordon_"+name, help, labels, nil)
	}
	return &metrics{
		site:          s,
		packets:       source("packets_total", "Packets read."),
		bytes:         source("bytes_total", "Bytes on the wire of the packets read."),
		drops:         source("kernel_drops_total", "Packets that the kernel dropped because Cordon was too slow."),
		malformed:     source("malformed_packets_total", "Packets that could not be decoded to their end."),
		shed:          source("shed_inspections_total", "Payload inspections skipped under load."),
		live:          source("live_flows", "Flows that are open now."),
		devices:       plain("devices", "Devices known, by kind.", "kind"),
		conversations: plain("conversations", "Conversations known."),
		findings:      plain("findings", "Findings known, by severity.", "severity"),
		storeHealthy:  plain("store_healthy", "1 while what is seen can be saved."),
		dataAge:       plain("data_age_seconds", "Time since what the API answers with was last brought up to date."),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.packets, m.bytes, m.drops, m.malformed, m.shed, m.live,
		m.devices, m.conversations, m.findings, m.storeHealthy, m.dataAge,
	} {
		ch <- d
	}
}

// collectTimeout bounds the questions to the store.
const collectTimeout = 5 * time.Second

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	st, err := m.site.status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.storeHealthy, err)
		return
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, s := range st.Sensor.Sources {
		counter(m.packets, s.Packets, s.Name)
		counter(m.bytes, s.Bytes, s.Name)
		counter(m.drops, s.KernelDrops, s.Name)
		counter(m.malformed, s.Malformed, s.Name)
		counter(m.shed, s.Shed, s.Name)
		gauge(m.live, float64(s.FlowsLive), s.Name)
	}
	for kind, n := range st.Counts.DevicesByKind {
		gauge(m.devices, float64(n), kind)
	}
	for severity, n := range st.Counts.FindingsBySeverity {
		gauge(m.findings, float64(n), severity)
	}
	gauge(m.conversations, float64(st.Counts.Conversations))
	healthy := 0.0
	if st.Store.Healthy {
		healthy = 1
	}
	gauge(m.storeHealthy, healthy)
	gauge(m.dataAge, st.DataAge)
}
