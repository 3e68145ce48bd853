package observation

// say yields a fact unless its value is empty.
func say(yield func(Fact), about Subject, field, value string) {
	if value != "" {
		yield(Fact{About: about, Field: field, Value: value})
	}
}
