package emulator

import (
	"context"
	"fmt"
	"strings"

	"fauna-export/fauna/fql"
)

// ShellError is an error that the server returned.
type ShellError struct {
	Status      int    // of HTTP
	Code        string // of the first error
	Description string
}

func (e *ShellError) Error() string { return e.Code + ": " + e.Description }

// Shell runs one or more FQL expressions with a secret, each as its own query, and
// returns the answers as FQL, one below the other. If the text is not FQL, nothing runs
// and the error is a *fql.SyntaxError. If an answer is an error, the text ends with it,
// later expressions don't run, and the error is a *ShellError.
func (s *Server) Shell(ctx context.Context, secret, text string) (string, error) {
	statements, err := fql.ParseStatements(text)
	if err != nil {
		return "", err
	}
	var printed strings.Builder
	for _, statement := range statements {
		r := s.query(ctx, request{Secret: secret, Body: statement.JSON, APIVersion: "4"})
		body, err := fql.ParseJSON(r.Body)
		if err != nil {
			return printed.String(), fmt.Errorf("read the answer to line %d: %w", statement.Line, err)
		}
		if resource := body.Member("resource"); resource != nil {
			printed.WriteString(fql.Print(resource.Append(nil)) + "\n")
			continue
		}
		failure := &ShellError{Status: r.Status}
		for i, one := range body.Member("errors").Elements() {
			code, description := one.Member("code").Text, one.Member("description").Text
			if i == 0 {
				failure.Code, failure.Description = code, description
			}
			printed.WriteString("Error: " + code + ": " + description + "\n")
		}
		return printed.String(), failure
	}
	return printed.String(), nil
}
