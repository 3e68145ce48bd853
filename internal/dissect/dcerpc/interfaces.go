package dcerpc

import "strings"

// interfaceNames are the interfaces that Windows networks use, by the names
// under which their documents (MS-EPM, MS-SRVS, …) and administrators know them.
var interfaceNames = map[string]string{
	"e1af8308-5d1f-11c9-91a4-08002b14a0fa": "epmapper",
	"afa8bd80-7d8a-11c9-bef4-08002b102989": "mgmt",
	"4b324fc8-1670-01d3-1278-5a47bf6ee188": "srvsvc",
	"6bffd098-a112-3610-9833-46c3f87e345a": "wkssvc",
	"367abb81-9844-35f1-ad32-98f038001003": "svcctl",
	"338cd001-2244-31f1-aaaa-900038001003": "winreg",
	"12345778-1234-abcd-ef00-0123456789ac": "samr",
	"12345778-1234-abcd-ef00-0123456789ab": "lsarpc",
	"12345678-1234-abcd-ef00-01234567cffb": "netlogon",
	"12345678-1234-abcd-ef00-0123456789ab": "spoolss",
	"76f03f96-cdfd-44fc-a22c-64950a001209": "iremotewinspool",
	"ae33069b-a2a8-46ee-a235-ddfd339be281": "irpcremoteobject",
	"e3514235-4b06-11d1-ab04-00c04fc2dcd2": "drsuapi",
	"3919286a-b10c-11d0-9ba8-00c04fd92ef5": "dssetup",
	"1ff70682-0a51-30e8-076d-740be8cee98b": "atsvc",
	"86d35949-83c9-4044-b424-db363231fd0c": "itaskschedulerservice",
	"378e52b0-c0a9-11cf-822d-00aa0051e40f": "sasec",
	"c681d488-d850-11d0-8c52-00c04fd90f7e": "efsrpc",
	"df1941c5-fe89-4e79-bf10-463657acf44d": "efsrpc",
	"4fc742e0-4a10-11cf-8273-00aa004ae673": "netdfs",
	"82273fdc-e32a-18c3-3f78-827929dc23ea": "eventlog",
	"f6beaff7-1e19-4fbb-9f8f-b89e2018337c": "eventlog6",
	"a8e0653c-2744-4389-a61d-7373df8b2292": "fileservervssagent",
	"6b5bdd1e-528c-422c-af8c-a4079be4fe48": "fasrpc",
	"4d9f4ab8-7d1c-11cf-861e-0020af6e7c57": "iremoteactivation",
	"000001a0-0000-0000-c000-000000000046": "iremotescmactivator",
	"99fcfec4-5260-101b-bbcb-00aa0021347a": "ioxidresolver",
	"00000131-0000-0000-c000-000000000046": "iremunknown",
	"00000143-0000-0000-c000-000000000046": "iremunknown2",
	"00000136-0000-0000-c000-000000000046": "isystemactivator",
	"f309ad18-d86a-11d0-a075-00c04fb68820": "iwbemlevel1login",
	"9556dc99-828c-11cf-a37e-00aa003240c7": "iwbemservices",
	"d4781cd6-e5d3-44df-ad94-930efe48a887": "iwbemloginclientid",
	"5a7b91f8-ff00-11d0-a9b2-00c04fb6e6fc": "messenger",
	"17fdd703-1827-4e34-79d4-24a55c53bb37": "messengersvc",
	"50abc2a4-574d-40b3-9d66-ee4fd5fba076": "dnsserver",
	"894de0c0-0d55-11d3-a322-00c04fa321a1": "initshutdown",
	"d95afe70-a6d5-4259-822e-2c84da1ddb0d": "windowsshutdown",
	"8d9f4e40-a03d-11ce-8f69-08003e30051b": "plugplay",
	"f5cc5a18-4264-101a-8c59-08002b2f8426": "nspi",
	"a4f1db00-ca47-1067-b31f-00dd010662da": "exchange-emsmdb",
	"1544f5e0-613c-11d1-93df-00c04fd7bd09": "exchange-rfr",
	"91ae6020-9e3c-11cf-8d7c-00aa00c091be": "icertpassage",
	"d99e6e70-fc88-11d0-b498-00a0c90312f3": "icertrequestd",
	"dea00001-6c97-11d1-8271-00a02442df7d": "profinet-io-device",
	"dea00002-6c97-11d1-8271-00a02442df7d": "profinet-io-controller",
	"dea00003-6c97-11d1-8271-00a02442df7d": "profinet-io-supervisor",
}

// isNegotiation reports whether a UUID stands for the negotiation of features
// rather than for an interface (MS-RPCE §3.3.1.5.3).
func isNegotiation(uuid string) bool {
	return strings.HasPrefix(uuid, "6cb71c2c-9812-4540-")
}
