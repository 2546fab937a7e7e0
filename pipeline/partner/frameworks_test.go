package partner

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// TestFrameworkRefusals is the case "400 in a framework's own form": each was
// five POSTs of one row and a spent budget, and the field was never reported. A form
// that names fields is REJECT, one that names none UNCLEAR.
func TestFrameworkRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		class      ledger.Class
		fields     string
	}{
		{"Nest", `{"statusCode":400,"message":["email must be an email","phoneNumber must be a valid phone number"],"error":"Bad Request"}`, ledger.Reject, "email,phoneNumber"},
		{"Nest, one text", `{"statusCode":400,"message":"email must be an email","error":"Bad Request"}`, ledger.Reject, "email"},
		{"Nest, nested", `{"statusCode":400,"message":["user.city should not be empty"],"error":"Bad Request"}`, ledger.Reject, "city"},
		{"Nest, member not wanted", `{"statusCode":400,"message":["property region should not exist"],"error":"Bad Request"}`, ledger.Reject, "region"},
		{"Nest, no field", `{"statusCode":400,"message":"Bad Request"}`, ledger.Unclear, ""},
		{"Nest, user exists", `{"statusCode":400,"message":"User with this email already exists","error":"Bad Request"}`, ledger.DupUser, ""},
		{"Nest, user exists, in a list", `{"statusCode":400,"message":["email already exists"],"error":"Bad Request"}`, ledger.DupUser, ""},
		{"Nest, key used", `{"statusCode":400,"message":["Idempotency key already used"],"error":"Bad Request"}`, ledger.KeyUsed, ""},
		{"class-validator", `{"message":[{"target":{"email":"x","city":"y"},"value":"x","property":"email","children":[],"constraints":{"isEmail":"email must be an email"}}]}`, ledger.Reject, "email"},
		{"FastAPI", `{"detail":[{"type":"value_error","loc":["body","email"],"msg":"value is not a valid email address","input":"x","ctx":{"reason":"city"}}]}`, ledger.Reject, "email"},
		{"FastAPI, snake case", `{"detail":[{"loc":["body","phone_number"],"msg":"Field required","type":"missing"}]}`, ledger.Reject, "phoneNumber"},
		{"FastAPI, a header", `{"detail":[{"loc":["header","x-tenant"],"msg":"Field required","type":"missing"}]}`, ledger.Unclear, ""},
		{"FastAPI, a text", `{"detail":"Something is off"}`, ledger.Unclear, ""},
		{"RFC 9457, errors", `{"type":"https://example.net/validation-error","title":"Your request is not valid.","status":400,"errors":[{"detail":"must be a positive integer","pointer":"#/postalCode"}]}`, ledger.Reject, "postalCode"},
		{"RFC 9457, invalid-params", `{"type":"about:blank","title":"Bad Request","status":400,"invalid-params":[{"name":"firstName","reason":"must not be blank"}]}`, ledger.Reject, "firstName"},
		{"RFC 9457, bare", `{"type":"about:blank","title":"Bad Request","status":400,"detail":"See the log"}`, ledger.Unclear, ""},
		{"express-validator 7", `{"errors":[{"type":"field","value":"x","msg":"Invalid value","path":"email","location":"body"}]}`, ledger.Reject, "email"},
		{"express-validator 6", `{"errors":[{"value":"x","msg":"Invalid value","param":"lastName","location":"body"}]}`, ledger.Reject, "lastName"},
		{"express-validator, only a list", `[{"msg":"Invalid value","param":"region","location":"body"}]`, ledger.Reject, "region"},
		{"express-validator, key used", `{"errors":[{"msg":"key already used","param":"idempotency-key","location":"headers"}]}`, ledger.KeyUsed, ""},
		{"Spring, binding errors", `{"timestamp":"2026-11-22T10:00:00.000+00:00","status":400,"error":"Bad Request","errors":[{"codes":["Email.createUser.email"],"arguments":[{"codes":["createUser.city"],"code":"city"}],"defaultMessage":"must be a well-formed email address","objectName":"createUser","field":"email","rejectedValue":"x","bindingFailure":false,"code":"Email"}],"path":"/api/v2/partner/card/users"}`, ledger.Reject, "email"},
		{"Spring, fieldErrors", `{"title":"Validation","fieldErrors":[{"objectName":"user","field":"walletAddress","message":"Size"}]}`, ledger.Reject, "walletAddress"},
		{"Spring, no field", `{"timestamp":"2026-11-22T10:00:00Z","status":400,"error":"Bad Request","message":"Validation failed for object='createUser'. Error count: 1","path":"/api/v2/partner/card/users"}`, ledger.Unclear, ""},
		{"Laravel", `{"message":"The given data was invalid.","errors":{"email":["The email must be a valid email address."],"phone_number":["The phone number field is required."]}}`, ledger.Reject, "email,phoneNumber"},
		{"Laravel, taken", `{"message":"The email has already been taken.","errors":{"email":["The email has already been taken."]}}`, ledger.DupUser, ""},
		{"Rails", `{"errors":{"email":["has already been taken"]}}`, ledger.DupUser, ""},
		{"Rails, full messages", `{"errors":["First name can't be blank","City is too long (maximum is 50 characters)"]}`, ledger.Reject, "firstName,city"},
		{"Rails, phone taken", `{"errors":{"phone_number":["has already been taken"]}}`, ledger.Reject, "phoneNumber"},
		{"Django", `{"email":["Enter a valid email address."],"last_name":["This field may not be blank."]}`, ledger.Reject, "lastName,email"},
		{"ASP.NET", `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"traceId":"00-1","errors":{"Email":["The Email field is not a valid e-mail address."],"$.firstName":["The JSON value could not be converted."]}}`, ledger.Reject, "firstName,email"},
		{"FluentValidation", `[{"propertyName":"CountryCode","errorMessage":"'Country Code' is not valid.","attemptedValue":"X","severity":0}]`, ledger.Reject, "countryCode"},
		{"Zod, issues", `{"success":false,"error":{"issues":[{"code":"invalid_string","validation":"email","message":"Invalid email","path":["email"]}],"name":"ZodError"}}`, ledger.Reject, "email"},
		{"Zod, issues as text", `{"success":false,"error":{"name":"ZodError","message":"[\n {\"code\":\"too_big\",\"path\":[\"accountPurpose\"],\"message\":\"Too big\"}]"}}`, ledger.Reject, "accountPurpose"},
		{"Zod, flattened", `{"formErrors":[],"fieldErrors":{"ipAddress":["Invalid ip"],"email":[]}}`, ledger.Reject, "ipAddress"},
		{"Zod, formatted", `{"error":{"_errors":[],"program":{"_errors":["Invalid option"]}}}`, ledger.Reject, "program"},
		{"Ajv, instancePath", `{"errors":[{"instancePath":"/email","schemaPath":"#/properties/email/format","keyword":"format","params":{"format":"email"},"message":"must match format"}]}`, ledger.Reject, "email"},
		{"Ajv, required", `{"errors":[{"instancePath":"","keyword":"required","params":{"missingProperty":"lastName"},"message":"must have required property 'lastName'"}]}`, ledger.Reject, "lastName"},
		{"Fastify", `{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body/redirectUrl must match format \"uri\""}`, ledger.Reject, "redirectUrl"},
		{"Fastify, required", `{"statusCode":400,"error":"Bad Request","message":"body must have required property 'city'"}`, ledger.Reject, "city"},
		{"Joi", `{"error":{"details":[{"message":"\"email\" must be a valid email","path":["email"],"type":"string.email","context":{"label":"email","value":"city","key":"email"}}]}}`, ledger.Reject, "email"},
		{"Joi, one text", `{"message":"\"city\" is not allowed to be empty"}`, ledger.Reject, "city"},
		{"Celebrate", `{"statusCode":400,"error":"Bad Request","message":"Validation failed","validation":{"body":{"source":"body","keys":["postalCode"],"message":"\"postalCode\" is required"}}}`, ledger.Reject, "postalCode"},
		{"JSON:API", `{"errors":[{"status":"400","source":{"pointer":"/data/attributes/email"},"title":"Invalid"}]}`, ledger.Reject, "email"},
		{"Mongoose", `{"errors":{"email":{"name":"ValidatorError","message":"Path email is required.","kind":"required","path":"email"}},"_message":"User validation failed","name":"ValidationError"}`, ledger.Reject, "email"},
		{"Marshmallow", `{"code":400,"errors":{"json":{"address":["Missing data for required field."]}}}`, ledger.Reject, "address"},
		{"Symfony", `{"title":"An error occurred","violations":[{"propertyPath":"email","message":"This value is not a valid email address."}]}`, ledger.Reject, "email"},
		{"Quarkus", `{"title":"Constraint Violation","status":400,"violations":[{"field":"create.user.program","message":"must not be blank"}]}`, ledger.Reject, "program"},
		{"Google", `{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"fieldViolations":[{"field":"user.email","description":"bad"}]}]}}`, ledger.Reject, "email"},
		{"success false with fields", `{"success":false,"errors":{"walletAddress":"is invalid"}}`, ledger.Reject, "walletAddress"},
		{"success false with one field", `{"success":false,"field":"email","message":"rejected"}`, ledger.Reject, "email"},
		{"success false, no field", `{"success":false,"message":"Request rejected"}`, ledger.Unclear, ""},
		{"success false, bare names", `{"success":false,"invalidFields":["city","email"]}`, ledger.Reject, "email,city"},
		{"envelope with fields", `{"status":"error","message":"E_77","data":{"errors":[{"field":"email","message":"x"}]}}`, ledger.Reject, "email"},
		{"envelope with a field", `{"status":"error","message":"Bad Request","data":{"field":"program","error":"x"}}`, ledger.Reject, "program"},
		{"envelope, code and taken e-mail", `{"status":"error","message":"VALIDATION_ERROR","data":{"errors":[{"field":"email","message":"already exists"}]}}`, ledger.DupUser, ""},
		{"Hapi", `{"statusCode":400,"error":"Bad Request","message":"Invalid request payload input","validation":{"source":"payload","keys":["email"]}}`, ledger.Reject, "email"},
		{"tRPC", `{"error":{"json":{"message":"x","code":-32600,"data":{"httpStatus":400,"zodError":{"formErrors":[],"fieldErrors":{"email":["Invalid"]}}}}}}`, ledger.Reject, "email"},
		{"Strapi", `{"data":null,"error":{"status":400,"name":"ValidationError","message":"1 error","details":{"errors":[{"path":["city"],"message":"too short","name":"ValidationError"}]}}}`, ledger.Reject, "city"},
		{"Loopback", `{"error":{"statusCode":422,"name":"UnprocessableEntityError","details":[{"path":"/email","code":"format","message":"x","info":{}}]}}`, ledger.Reject, "email"},
		{"Micronaut", `{"message":"Bad Request","_embedded":{"errors":[{"message":"user.email: must be a well-formed email address"}]}}`, ledger.Reject, "email"},
		{"Gin", `{"error":"Key: 'CreateUser.FirstName' Error:Field validation for 'FirstName' failed on the 'required' tag"}`, ledger.Reject, "firstName"},
		{"Play", `{"obj.email":[{"msg":["error.email"],"args":[]}]}`, ledger.Reject, "email"},
		{"Stripe", `{"error":{"type":"invalid_request_error","param":"email","message":"Invalid"}}`, ledger.Reject, "email"},
		{"Salesforce", `[{"message":"x","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Email"]}]`, ledger.Reject, "email"},
		{"Grape", `{"error":"email is missing, city is invalid"}`, ledger.Reject, "email,city"},
		{"Vapor", `{"error":true,"reason":"email is not a valid email address"}`, ledger.Reject, "email"},
		{"Adonis, taken", `{"errors":[{"rule":"unique","field":"email","message":"unique validation failure"}]}`, ledger.DupUser, ""},
		{"Django, taken", `{"email":["This field must be unique."]}`, ledger.DupUser, ""},
		{"Sequelize, taken", `{"errors":[{"message":"email must be unique","type":"unique violation","path":"email","value":"x"}]}`, ledger.DupUser, ""},
		{"JSend", `{"status":"fail","data":{"email":"email is invalid"}}`, ledger.Reject, "email"},
		{"Laravel, data", `{"success":false,"message":"Validation Error.","data":{"email":["The email field is required."]}}`, ledger.Reject, "email"},
		{"enumeration", `{"message":"Missing required fields: email, phoneNumber"}`, ledger.Reject, "email,phoneNumber"},
		{"one line", "email: must not be blank", ledger.Reject, "email"},
		{"domain does not exist", `{"errors":[{"field":"email","message":"the domain does not exist"}]}`, ledger.Reject, "email"},
		{"a list of problems, one of them a used key", `{"errors":[{"field":"email","message":"bad"},{"field":"Idempotency-Key","message":"already used"}]}`, ledger.KeyUsed, ""},
		{"plain text", "The email field is required.", ledger.Reject, "email"},
		{"echo of the request", `{"status":"error","message":"E_77","data":{"email":"required@example.com","request":{"errors":{"city":"is invalid"}}}}`, ledger.Unclear, ""},
		{"echo in details", `{"error":"E_77","details":{"email":"jane@example.com","city":"Paris"}}`, ledger.Unclear, ""},
		{"a value, not a field", `{"errors":{"jane@example.com":"is invalid"}}`, ledger.Unclear, ""},
		{"speaks of e-mail, not of the field", `{"status":"error","message":"Email service must be restarted"}`, ledger.Unclear, ""},
		{"may have acted", `{"status":"error","message":"The welcome email could not be sent"}`, ledger.Unclear, ""},
		{"no complaints", `{"errors":{"email":[]},"message":"no"}`, ledger.Unclear, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := readMessage([]byte(tt.body), true)
			v := judgeStatus(http.StatusBadRequest, m, fieldsOfUser(jane()))
			if v.class != tt.class {
				t.Errorf("got %v, want %v", v.class, tt.class)
			}
			if got := strings.Join(complainedFields(m, fieldsOfUser(jane())), ","); v.class == ledger.Reject && got != tt.fields {
				t.Errorf("fields %q, want %q", got, tt.fields)
			}
			if v := judgeStatus(http.StatusUnprocessableEntity, m, fieldsOfUser(jane())); tt.class != ledger.Unclear && v.class != tt.class || tt.class == ledger.Unclear && v.class != ledger.Reject {
				t.Errorf("under 422: %v", v.class)
			}
		})
	}
}

// TestFrameworkExtraField: fields that --send adds are fields of the request.
func TestFrameworkExtraField(t *testing.T) {
	u := jane()
	u.Extra = []validate.Extra{{Name: "dateOfBirth", Value: "1990-01-01"}}
	m := readMessage([]byte(`{"errors":[{"field":"date_of_birth","message":"too young"}]}`), true)
	if v := judgeStatus(400, m, fieldsOfUser(u)); v.class != ledger.Reject || strings.Join(complainedFields(m, fieldsOfUser(u)), ",") != "dateOfBirth" {
		t.Errorf("%v, %q", v.class, complainedFields(m, fieldsOfUser(u)))
	}
	if v := judgeStatus(400, m, fieldsOfUser(jane())); v.class != ledger.Unclear {
		t.Errorf("a field that was not sent: %v", v.class)
	}
}

// TestGatewayRefusals: 401 and 403 as gateways and frameworks write them.
func TestGatewayRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		class      ledger.Class
	}{
		{"AWS", `{"message":"Forbidden"}`, ledger.Auth},
		{"AWS, policy", `{"Message":"User is not authorized to access this resource with an explicit deny"}`, ledger.Auth},
		{"AWS, token", `{"message":"Missing Authentication Token"}`, ledger.Auth},
		{"Kong", `{"message":"Invalid authentication credentials","request_id":"a1"}`, ledger.Auth},
		{"Azure", `{ "statusCode": 401, "message": "Access denied due to invalid subscription key." }`, ledger.Auth},
		{"Apigee", `{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}`, ledger.Auth},
		{"Nest", `{"statusCode":403,"message":"Forbidden resource","error":"Forbidden"}`, ledger.Auth},
		{"FastAPI", `{"detail":"Not authenticated"}`, ledger.Auth},
		{"Spring", `{"timestamp":"2026-11-22T10:00:00Z","status":403,"error":"Forbidden","path":"/x"}`, ledger.Auth},
		{"OAuth", `{"error":"invalid_token","error_description":"expired"}`, ledger.Auth},
		{"Google", `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}`, ledger.Auth},
		{"problem", `{"type":"about:blank","title":"Forbidden","status":403}`, ledger.Auth},
		{"envelope", envelope("ACCOUNT_SUSPENDED", ""), ledger.Auth},
		{"empty", "", ledger.Auth},
		{"plain", "Unauthorized", ledger.Auth},
		{"page", page, ledger.Unknown},
		{"XML", "<Error><Code>AccessDenied</Code></Error>", ledger.Unknown},
		{"firewall's text", "error code: 1020", ledger.Unknown},
		{"some object", `{"ray":"8f"}`, ledger.Unknown},
		{"speaks of success", goodBody, ledger.Unknown},
	} {
		for _, status := range []int{401, 403} {
			v := judgeStatus(status, readMessage([]byte(tt.body), true), fieldsOfUser(jane()))
			if v.class != tt.class || (v.stopCause == Blocked) != (tt.class == ledger.Unknown) {
				t.Errorf("%s, %d: %v, stop cause %d", tt.name, status, v.class, v.stopCause)
			}
		}
	}
}

// TestPathGone: a create path that does not exist ends the run, whatever says so;
// the same status of another call only says that there is no such thing.
func TestPathGone(t *testing.T) {
	for _, status := range []int{404, 405, 410, 415} {
		for _, body := range []string{"", page, "Cannot POST", envelope("NOT_FOUND", ""), `{"statusCode":404,"message":"Cannot POST /x"}`, goodBody} {
			c := answering(t, status, body, nil)
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.Unknown || a.StopCause != PathGone {
				t.Errorf("%d %.20q: %v, stop cause %d", status, body, a.Class, a.StopCause)
			}
			var e *Error
			if _, err := c.Wallet(t.Context()); !asError(err, &e) || e.Class != ledger.Unknown || e.StopCause != NoStopCause {
				t.Errorf("%d %.20q of a look-up: %v", status, body, err)
			}
		}
	}
	for _, status := range []int{400, 402, 406, 408, 409, 422, 429, 500, 503} {
		if a := answering(t, status, "", nil).Create(t.Context(), testIdem, jane()); a.StopCause != NoStopCause {
			t.Errorf("%d: stop cause %d", status, a.StopCause)
		}
	}
}
