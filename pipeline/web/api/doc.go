// Package api has the JSON bodies of the finance page, those of requests and of answers.
// Each answer has an example in testdata, under the name of its type; a test decodes it
// without unknown fields. Numbers of rows are those that a spreadsheet shows, from 1;
// columns count from 0. Lists are never null.
package api
