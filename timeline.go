package cordon

import "time"

// TimelineEvent is what kind of thing happened to a device.
type TimelineEvent string

// The events of a device's timeline.
const (
	TimelineFirstSeen       TimelineEvent = "first-seen"
	TimelineAddress         TimelineEvent = "address"          // it gained or changed an address
	TimelineIdentified      TimelineEvent = "identified"       // an attribute is believed to be something new
	TimelineMerged          TimelineEvent = "merged"           // it turned out to be one with another device
	TimelineNewService      TimelineEvent = "new-service"      // it offers or uses a protocol for the first time
	TimelineNewConversation TimelineEvent = "new-conversation" // it talks to somebody for the first time
	TimelineOverride        TimelineEvent = "override"         // a person said something of it
	TimelineFinding         TimelineEvent = "finding"
)

// TimelineEvents lists them.
var TimelineEvents = []TimelineEvent{
	TimelineFirstSeen, TimelineAddress, TimelineIdentified, TimelineMerged,
	TimelineNewService, TimelineNewConversation, TimelineOverride, TimelineFinding,
}

// TimelineEntry is one thing that happened to a device. Two entries with the
// same device, time, event and text are the same entry.
type TimelineEntry struct {
	Device DeviceID      `json:"device"`
	Time   time.Time     `json:"time" doc:"Of the packet that showed it, or of the person's word"`
	Event  TimelineEvent `json:"event"`
	// Text is one sentence without a full stop, in plain words.
	Text         string         `json:"text"`
	Conversation ConversationID `json:"conversation,omitempty" doc:"For new-conversation"`
	Finding      FindingID      `json:"finding,omitempty" doc:"For finding"`
}
