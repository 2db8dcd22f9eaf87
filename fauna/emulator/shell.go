package emulator

import (
	"context"
	"strings"

	"fauna-export/fauna/fql"
)

// ShellError is an error that the server returned.
type ShellError struct {
	Status      int    // of HTTP
	Code        string // of the first error
	Description string
	Statement   fql.Statement // the one that failed
}

func (e *ShellError) Error() string { return e.Code + ": " + e.Description }

// Shell runs one or more FQL expressions with a secret, each as its own query,
// and returns the answers as FQL, one below the other. The error is a
// *fql.SyntaxError if the text is not FQL, in which case nothing ran, or a
// *ShellError if an answer was an error: the returned text ends with that
// error, and later expressions did not run.
func (s *Server) Shell(ctx context.Context, secret, text string) (string, error) {
	statements, err := fql.ParseStatements(text)
	if err != nil {
		return "", err
	}
	var printed strings.Builder
	for _, statement := range statements {
		r := s.query(ctx, request{Secret: secret, Body: statement.JSON, APIVersion: "4", Timeout: defaultQueryTimeout})
		text, err := printAnswer(r, statement)
		printed.WriteString(text)
		if err != nil {
			return printed.String(), err
		}
	}
	return printed.String(), nil
}

// printAnswer prints one answer, with a newline at the end.
func printAnswer(r response, statement fql.Statement) (string, error) {
	body, err := fql.ParseJSON(r.Body)
	if err != nil {
		return string(r.Body) + "\n", &ShellError{r.Status, "unreadable answer", err.Error(), statement}
	}
	if resource := body.Member("resource"); r.Status < 300 && resource != nil {
		return fql.Print(resource.Append(nil)) + "\n", nil
	}
	failure := &ShellError{Status: r.Status, Code: "error", Statement: statement}
	var printed strings.Builder
	if list := body.Member("errors"); list != nil {
		for i, one := range list.Items {
			code, description := member(one, "code"), member(one, "description")
			if i == 0 {
				failure.Code, failure.Description = code, description
			}
			printed.WriteString("Error: " + code + ": " + description + "\n")
		}
	}
	return printed.String(), failure
}

// member is the text of an object's member, "" if there is none.
func member(v *fql.Node, key string) string {
	if in := v.Member(key); in != nil {
		return in.Text
	}
	return ""
}
