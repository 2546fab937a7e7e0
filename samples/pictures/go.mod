module github.com/bulkonboard/bulkonboard/samples/pictures

go 1.26.0

require golang.org/x/image v0.44.0

require golang.org/x/text v0.43.0 // indirect
