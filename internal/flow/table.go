package flow

type tableState struct{}
