package partner

import (
	"net/http"
	"strings"
	"testing"
)

// TestFrameworkRefusals is the case "400 in a framework's own form": each was
// five POSTs of one row and a spent budget, and the field was never told. A form
// that names fields is REJECT, one that names none UNCLEAR.
func TestFrameworkRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		class      Class
		fields     string
	}{
		{"Nest", `{"statusCode":400,"message":["email must be an email","phoneNumber must be a valid phone number"],"error":"Bad Request"}`, Reject, "email,phoneNumber"},
		{"Nest, one text", `{"statusCode":400,"message":"email must be an email","error":"Bad Request"}`, Reject, "email"},
		{"Nest, nested", `{"statusCode":400,"message":["user.city should not be empty"],"error":"Bad Request"}`, Reject, "city"},
		{"Nest, member not wanted", `{"statusCode":400,"message":["property region should not exist"],"error":"Bad Request"}`, Reject, "region"},
		{"Nest, no field", `{"statusCode":400,"message":"Bad Request"}`, Unclear, ""},
		{"Nest, user exists", `{"statusCode":400,"message":"User with this email already exists","error":"Bad Request"}`, DupUser, ""},
		{"Nest, user exists, in a list", `{"statusCode":400,"message":["email already exists"],"error":"Bad Request"}`, DupUser, ""},
		{"Nest, key used", `{"statusCode":400,"message":["Idempotency key already used"],"error":"Bad Request"}`, KeyUsed, ""},
		{"class-validator", `{"message":[{"target":{"email":"x","city":"y"},"value":"x","property":"email","children":[],"constraints":{"isEmail":"email must be an email"}}]}`, Reject, "email"},
		{"FastAPI", `{"detail":[{"type":"value_error","loc":["body","email"],"msg":"value is not a valid email address","input":"x","ctx":{"reason":"city"}}]}`, Reject, "email"},
		{"FastAPI, snake case", `{"detail":[{"loc":["body","phone_number"],"msg":"Field required","type":"missing"}]}`, Reject, "phoneNumber"},
		{"FastAPI, a header", `{"detail":[{"loc":["header","x-tenant"],"msg":"Field required","type":"missing"}]}`, Unclear, ""},
		{"FastAPI, a text", `{"detail":"Something is off"}`, Unclear, ""},
		{"RFC 9457, errors", `{"type":"https://example.net/validation-error","title":"Your request is not valid.","status":400,"errors":[{"detail":"must be a positive integer","pointer":"#/postalCode"}]}`, Reject, "postalCode"},
		{"RFC 9457, invalid-params", `{"type":"about:blank","title":"Bad Request","status":400,"invalid-params":[{"name":"firstName","reason":"must not be blank"}]}`, Reject, "firstName"},
		{"RFC 9457, bare", `{"type":"about:blank","title":"Bad Request","status":400,"detail":"See the log"}`, Unclear, ""},
		{"express-validator 7", `{"errors":[{"type":"field","value":"x","msg":"Invalid value","path":"email","location":"body"}]}`, Reject, "email"},
		{"express-validator 6", `{"errors":[{"value":"x","msg":"Invalid value","param":"lastName","location":"body"}]}`, Reject, "lastName"},
		{"express-validator, list alone", `[{"msg":"Invalid value","param":"region","location":"body"}]`, Reject, "region"},
		{"express-validator, key used", `{"errors":[{"msg":"key already used","param":"idempotency-key","location":"headers"}]}`, KeyUsed, ""},
		{"Spring, binding errors", `{"timestamp":"2026-11-22T10:00:00.000+00:00","status":400,"error":"Bad Request","errors":[{"codes":["Email.createUser.email"],"arguments":[{"codes":["createUser.city"],"code":"city"}],"defaultMessage":"must be a well-formed email address","objectName":"createUser","field":"email","rejectedValue":"x","bindingFailure":false,"code":"Email"}],"path":"/api/v2/partner/card/users"}`, Reject, "email"},
		{"Spring, fieldErrors", `{"title":"Validation","fieldErrors":[{"objectName":"user","field":"walletAddress","message":"Size"}]}`, Reject, "walletAddress"},
		{"Spring, no field", `{"timestamp":"2026-11-22T10:00:00Z","status":400,"error":"Bad Request","message":"Validation failed for object='createUser'. Error count: 1","path":"/api/v2/partner/card/users"}`, Unclear, ""},
		{"Laravel", `{"message":"The given data was invalid.","errors":{"email":["The email must be a valid email address."],"phone_number":["The phone number field is required."]}}`, Reject, "email,phoneNumber"},
		{"Laravel, taken", `{"message":"The email has already been taken.","errors":{"email":["The email has already been taken."]}}`, DupUser, ""},
		{"Rails", `{"errors":{"email":["has already been taken"]}}`, DupUser, ""},
		{"Rails, full messages", `{"errors":["First name can't be blank","City is too long (maximum is 50 characters)"]}`, Reject, "firstName,city"},
		{"Rails, phone taken", `{"errors":{"phone_number":["has already been taken"]}}`, Reject, "phoneNumber"},
		{"Django", `{"email":["Enter a valid email address."],"last_name":["This field may not be blank."]}`, Reject, "lastName,email"},
		{"ASP.NET", `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"traceId":"00-1","errors":{"Email":["The Email field is not a valid e-mail address."],"$.firstName":["The JSON value could not be converted."]}}`, Reject, "firstName,email"},
		{"FluentValidation", `[{"propertyName":"CountryCode","errorMessage":"'Country Code' is not valid.","attemptedValue":"X","severity":0}]`, Reject, "countryCode"},
		{"Zod, issues", `{"success":false,"error":{"issues":[{"code":"invalid_string","validation":"email","message":"Invalid email","path":["email"]}],"name":"ZodError"}}`, Reject, "email"},
		{"Zod, issues as text", `{"success":false,"error":{"name":"ZodError","message":"[\n {\"code\":\"too_big\",\"path\":[\"accountPurpose\"],\"message\":\"Too big\"}]"}}`, Reject, "accountPurpose"},
		{"Zod, flattened", `{"formErrors":[],"fieldErrors":{"ipAddress":["Invalid ip"],"email":[]}}`, Reject, "ipAddress"},
		{"Zod, formatted", `{"error":{"_errors":[],"program":{"_errors":["Invalid option"]}}}`, Reject, "program"},
		{"Ajv, instancePath", `{"errors":[{"instancePath":"/email","schemaPath":"#/properties/email/format","keyword":"format","params":{"format":"email"},"message":"must match format"}]}`, Reject, "email"},
		{"Ajv, required", `{"errors":[{"instancePath":"","keyword":"required","params":{"missingProperty":"lastName"},"message":"must have required property 'lastName'"}]}`, Reject, "lastName"},
		{"Fastify", `{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body/redirectUrl must match format \"uri\""}`, Reject, "redirectUrl"},
		{"Fastify, required", `{"statusCode":400,"error":"Bad Request","message":"body must have required property 'city'"}`, Reject, "city"},
		{"Joi", `{"error":{"details":[{"message":"\"email\" must be a valid email","path":["email"],"type":"string.email","context":{"label":"email","value":"city","key":"email"}}]}}`, Reject, "email"},
		{"Joi, one text", `{"message":"\"city\" is not allowed to be empty"}`, Reject, "city"},
		{"Celebrate", `{"statusCode":400,"error":"Bad Request","message":"Validation failed","validation":{"body":{"source":"body","keys":["postalCode"],"message":"\"postalCode\" is required"}}}`, Reject, "postalCode"},
		{"JSON:API", `{"errors":[{"status":"400","source":{"pointer":"/data/attributes/email"},"title":"Invalid"}]}`, Reject, "email"},
		{"Mongoose", `{"errors":{"email":{"name":"ValidatorError","message":"Path email is required.","kind":"required","path":"email"}},"_message":"User validation failed","name":"ValidationError"}`, Reject, "email"},
		{"Marshmallow", `{"code":400,"errors":{"json":{"address":["Missing data for required field."]}}}`, Reject, "address"},
		{"Symfony", `{"title":"An error occurred","violations":[{"propertyPath":"email","message":"This value is not a valid email address."}]}`, Reject, "email"},
		{"Quarkus", `{"title":"Constraint Violation","status":400,"violations":[{"field":"create.user.program","message":"must not be blank"}]}`, Reject, "program"},
		{"Google", `{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"fieldViolations":[{"field":"user.email","description":"bad"}]}]}}`, Reject, "email"},
		{"success false with fields", `{"success":false,"errors":{"walletAddress":"is invalid"}}`, Reject, "walletAddress"},
		{"success false with one field", `{"success":false,"field":"email","message":"rejected"}`, Reject, "email"},
		{"success false, no field", `{"success":false,"message":"Request rejected"}`, Unclear, ""},
		{"success false, bare names", `{"success":false,"invalidFields":["city","email"]}`, Reject, "email,city"},
		{"envelope with fields", `{"status":"error","message":"E_77","data":{"errors":[{"field":"email","message":"x"}]}}`, Reject, "email"},
		{"envelope with a field", `{"status":"error","message":"Bad Request","data":{"field":"program","error":"x"}}`, Reject, "program"},
		{"envelope, code and taken e-mail", `{"status":"error","message":"VALIDATION_ERROR","data":{"errors":[{"field":"email","message":"already exists"}]}}`, DupUser, ""},
		{"Hapi", `{"statusCode":400,"error":"Bad Request","message":"Invalid request payload input","validation":{"source":"payload","keys":["email"]}}`, Reject, "email"},
		{"tRPC", `{"error":{"json":{"message":"x","code":-32600,"data":{"httpStatus":400,"zodError":{"formErrors":[],"fieldErrors":{"email":["Invalid"]}}}}}}`, Reject, "email"},
		{"Strapi", `{"data":null,"error":{"status":400,"name":"ValidationError","message":"1 error","details":{"errors":[{"path":["city"],"message":"too short","name":"ValidationError"}]}}}`, Reject, "city"},
		{"Loopback", `{"error":{"statusCode":422,"name":"UnprocessableEntityError","details":[{"path":"/email","code":"format","message":"x","info":{}}]}}`, Reject, "email"},
		{"Micronaut", `{"message":"Bad Request","_embedded":{"errors":[{"message":"user.email: must be a well-formed email address"}]}}`, Reject, "email"},
		{"Gin", `{"error":"Key: 'CreateUser.FirstName' Error:Field validation for 'FirstName' failed on the 'required' tag"}`, Reject, "firstName"},
		{"Play", `{"obj.email":[{"msg":["error.email"],"args":[]}]}`, Reject, "email"},
		{"Stripe", `{"error":{"type":"invalid_request_error","param":"email","message":"Invalid"}}`, Reject, "email"},
		{"Salesforce", `[{"message":"x","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Email"]}]`, Reject, "email"},
		{"Grape", `{"error":"email is missing, city is invalid"}`, Reject, "email,city"},
		{"Vapor", `{"error":true,"reason":"email is not a valid email address"}`, Reject, "email"},
		{"Adonis, taken", `{"errors":[{"rule":"unique","field":"email","message":"unique validation failure"}]}`, DupUser, ""},
		{"Django, taken", `{"email":["This field must be unique."]}`, DupUser, ""},
		{"Sequelize, taken", `{"errors":[{"message":"email must be unique","type":"unique violation","path":"email","value":"x"}]}`, DupUser, ""},
		{"JSend", `{"status":"fail","data":{"email":"email is invalid"}}`, Reject, "email"},
		{"Laravel, data", `{"success":false,"message":"Validation Error.","data":{"email":["The email field is required."]}}`, Reject, "email"},
		{"enumeration", `{"message":"Missing required fields: email, phoneNumber"}`, Reject, "email,phoneNumber"},
		{"one line", "email: must not be blank", Reject, "email"},
		{"domain does not exist", `{"errors":[{"field":"email","message":"the domain does not exist"}]}`, Reject, "email"},
		{"a list of problems, one of them a used key", `{"errors":[{"field":"email","message":"bad"},{"field":"Idempotency-Key","message":"already used"}]}`, KeyUsed, ""},
		{"plain text", "The email field is required.", Reject, "email"},
		{"echo of the request", `{"status":"error","message":"E_77","data":{"email":"required@example.com","request":{"errors":{"city":"is invalid"}}}}`, Unclear, ""},
		{"echo in details", `{"error":"E_77","details":{"email":"jane@example.com","city":"Paris"}}`, Unclear, ""},
		{"a value, not a field", `{"errors":{"jane@example.com":"is invalid"}}`, Unclear, ""},
		{"speaks of e-mail, not of the field", `{"status":"error","message":"Email service must be restarted"}`, Unclear, ""},
		{"may have acted", `{"status":"error","message":"The welcome email could not be sent"}`, Unclear, ""},
		{"no complaints", `{"errors":{"email":[]},"message":"no"}`, Unclear, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := readMessage([]byte(tt.body), true)
			v := judgeCreate(http.StatusBadRequest, m, jane())
			if v.class != tt.class {
				t.Errorf("got %v, want %v", v.class, tt.class)
			}
			if got := strings.Join(complained(m, jane()), ","); v.class == Reject && got != tt.fields {
				t.Errorf("fields %q, want %q", got, tt.fields)
			}
			if v := judgeCreate(http.StatusUnprocessableEntity, m, jane()); tt.class != Unclear && v.class != tt.class || tt.class == Unclear && v.class != Reject {
				t.Errorf("under 422: %v", v.class)
			}
		})
	}
}

// TestFrameworkExtraField: fields that --send adds are fields of the request.
func TestFrameworkExtraField(t *testing.T) {
	u := jane()
	u.Extra = []Extra{{"dateOfBirth", "1990-01-01"}}
	m := readMessage([]byte(`{"errors":[{"field":"date_of_birth","message":"too young"}]}`), true)
	if v := judgeCreate(400, m, u); v.class != Reject || strings.Join(complained(m, u), ",") != "dateOfBirth" {
		t.Errorf("%v, %q", v.class, complained(m, u))
	}
	if v := judgeCreate(400, m, jane()); v.class != Unclear {
		t.Errorf("a field that was not sent: %v", v.class)
	}
}

// TestGatewayRefusals: 401 and 403 as gateways and frameworks write them.
func TestGatewayRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		class      Class
	}{
		{"AWS", `{"message":"Forbidden"}`, Auth},
		{"AWS, policy", `{"Message":"User is not authorized to access this resource with an explicit deny"}`, Auth},
		{"AWS, token", `{"message":"Missing Authentication Token"}`, Auth},
		{"Kong", `{"message":"Invalid authentication credentials","request_id":"a1"}`, Auth},
		{"Azure", `{ "statusCode": 401, "message": "Access denied due to invalid subscription key." }`, Auth},
		{"Apigee", `{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}`, Auth},
		{"Nest", `{"statusCode":403,"message":"Forbidden resource","error":"Forbidden"}`, Auth},
		{"FastAPI", `{"detail":"Not authenticated"}`, Auth},
		{"Spring", `{"timestamp":"2026-11-22T10:00:00Z","status":403,"error":"Forbidden","path":"/x"}`, Auth},
		{"OAuth", `{"error":"invalid_token","error_description":"expired"}`, Auth},
		{"Google", `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}`, Auth},
		{"problem", `{"type":"about:blank","title":"Forbidden","status":403}`, Auth},
		{"envelope", envelope("ACCOUNT_SUSPENDED", ""), Auth},
		{"empty", "", Auth},
		{"plain", "Unauthorized", Auth},
		{"page", page, Unknown},
		{"XML", "<Error><Code>AccessDenied</Code></Error>", Unknown},
		{"firewall's text", "error code: 1020", Unknown},
		{"some object", `{"ray":"8f"}`, Unknown},
		{"speaks of success", goodBody, Unknown},
	} {
		for _, status := range []int{401, 403} {
			v := judgeCreate(status, readMessage([]byte(tt.body), true), jane())
			if v.class != tt.class || (v.halt == Blocked) != (tt.class == Unknown) {
				t.Errorf("%s, %d: %v, halt %d", tt.name, status, v.class, v.halt)
			}
		}
	}
}

// TestPathGone: a create path that is not there ends the run, whoever says so;
// the same status of another call only says that there is no such thing.
func TestPathGone(t *testing.T) {
	for _, status := range []int{404, 405, 410, 415} {
		for _, body := range []string{"", page, "Cannot POST", envelope("NOT_FOUND", ""), `{"statusCode":404,"message":"Cannot POST /x"}`, goodBody} {
			m := readMessage([]byte(body), true)
			if v := judgeCreate(status, m, jane()); v.class != Unknown || v.halt != PathGone {
				t.Errorf("%d %.20q: %v, halt %d", status, body, v.class, v.halt)
			}
			if v := judge(status, m, fieldTable{}); v.class != Unknown || v.halt != NoHalt {
				t.Errorf("%d %.20q of a look-up: %v, halt %d", status, body, v.class, v.halt)
			}
		}
	}
	for _, status := range []int{400, 402, 406, 408, 409, 422, 429, 500, 503} {
		if v := judgeCreate(status, readMessage(nil, true), jane()); v.halt != NoHalt {
			t.Errorf("%d: halt %d", status, v.halt)
		}
	}
}
