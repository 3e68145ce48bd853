package observation

// fact yields one detail unless it is empty.
func fact(yield func(Fact), about Subject, field, value string) {
	if value != "" {
		yield(Fact{About: about, Field: field, Value: value})
	}
}
