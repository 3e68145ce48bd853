// The names under which the console uses the server's types. The types
// themselves are generated from the OpenAPI document (npm run generate).
import type { components } from './schema';

type Schemas = components['schemas'];

export type Claim = Schemas['Claim'];
export type Conversation = Schemas['Conversation'];
export type Criticality = Schemas['Criticality'];
export type Device = Schemas['Device'];
export type DeviceRemoved = Schemas['DeviceRemoved'];
export type DeviceSummary = Schemas['DeviceSummary'];
export type Evidence = Schemas['Evidence'];
export type Finding = Schemas['Finding'];
export type InUse = Schemas['InUse'];
export type Kind = Schemas['Kind'];
export type KindInfo = Schemas['KindInfo'];
export type KindList = Schemas['KindList'];
export type Override = Schemas['OverridePatch'];
export type Peer = Schemas['Peer'];
export type Resync = Schemas['Resync'];
export type Service = Schemas['Service'];
export type Severity = Schemas['Severity'];
export type Site = Schemas['Site'];
export type Source = Schemas['Source'];
export type TimelineEntry = Schemas['TimelineEntry'];
