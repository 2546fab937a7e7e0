package validate_test

import (
	"fmt"

	"github.com/bulkonboard/bulkonboard/validate"
)

func ExampleRules_Check() {
	rules := validate.Rules{PhoneRegion: "US"}
	result := rules.Check(validate.Raw{
		FirstName: "Jane", LastName: "Doe", Email: "Jane@Company.com", PhoneNumber: "(415) 555-2671",
		AccountPurpose: "personal use", IPAddress: "203.0.113.42", Terms: "yes", Program: "Non-Custodial",
	})
	fmt.Println("valid:", result.Valid(), "identity:", result.Identity)
	for _, p := range result.Problems {
		fmt.Println(p.Field, p.Code, p.Message)
	}
	for _, c := range result.Changes {
		fmt.Println(c.Field, c.Kind)
	}
	// Output:
	// valid: false identity: jane@company.com
	// walletAddress required is empty, and the program non_custodial needs it. Fill it in
	// phoneNumber e164
	// isTermsOfServiceAccepted spelling
	// program spelling
}
