package observation

import "strings"

// txtFields are the keys of TXT records that tell what a device is, as the
// service definitions that devices use name them, with the field of the fact
// that each becomes.
var txtFields = func() map[string]string {
	m := map[string]string{}
	for _, key := range [...]string{
		// Bonjour printing, IPP Everywhere, scanners.
		"ty", "product", "usb_mfg", "usb_mdl", "mfg", "mdl", "note", "adminurl", "uuid", "printer-type",
		// Apple: _device-info, AirPlay, RAOP, HomeKit.
		"model", "osxvers", "am", "srcvers", "osvers", "vs", "ov", "deviceid", "manufacturer", "integrator",
		"rpmd", "rpvr", "rpmrtid", "fv", "ci", "md", "pv",
		// Google Cast, Spotify, Sonos.
		"fn", "ve", "ca", "brandname", "brand", "modelname", "modeldisplayname", "modelid",
		// Storage, cameras, controllers, generic.
		"vendor", "serial", "serialnumber", "sn", "version", "ver", "version_major", "version_minor", "version_build",
		"fw", "fwver", "fw_id", "firmware", "firmwareversion", "sw", "swversion", "softwareversion", "hw", "hwversion",
		"mac", "macaddress", "mac_address", "bridgeid", "board", "platform", "project_name", "project_version",
		"name", "devicename", "friendlyname", "hostname", "type", "devicetype", "gen", "app", "os", "build",
		"displaymodel", "machinetype", "location", "dev", "id",
	} {
		m[key] = "txt-" + strings.ReplaceAll(key, "_", "-")
	}
	return m
}()

// txtField returns the field for a TXT key, which is case-insensitive
// (RFC 6763 §6.4), or "" for one that identifies nothing.
func txtField(key string) string {
	if f, ok := txtFields[key]; ok {
		return f
	}
	return txtFields[strings.ToLower(key)]
}
