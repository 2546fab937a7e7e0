package sandbox_test

import (
	"context"
	"fmt"

	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/validate"
)

// The answer to the first request is lost after the user was created. The client
// learns nothing; the list shows the user.
func ExampleServer() {
	lost, err := sandbox.ParseFault("drop-after=#1")
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := sandbox.New(sandbox.Config{Faults: []sandbox.Fault{lost}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	base, err := server.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := partner.New(partner.Config{BaseURL: base, Key: "sk_test"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := client.Create(context.Background(), "866c8eba-eb42-517c-b5f0-479a00f6d285", validate.User{
		FirstName: "Jane", LastName: "Doe", Email: "jane@example.com", PhoneNumber: "+4915112345678", AccountPurpose: "savings",
		IPAddress: "192.0.2.1", Terms: true, Program: "custodial",
	})
	page, err := client.ListUsers(context.Background(), 0, 10)
	fmt.Println(answer.Class, len(page.Users), page.Users[0].Email, server.Charged(), err)
	// Output: UNKNOWN 1 jane@example.com 0.50 <nil>
}
