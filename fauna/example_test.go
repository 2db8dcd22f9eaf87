package fauna_test

import (
	"fmt"

	"fauna-export/fauna"
)

func ExampleParseEndpoint() {
	for _, text := range []string{"localhost", "db.example.org.", "http://10.0.0.7:8443/", "db.fauna.com"} {
		e, err := fauna.ParseEndpoint(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s\n", e, e.Describe())
	}
	// Output:
	// http://localhost:8443: self-hosted core · plain http on this machine
	// https://db.example.org:8443: self-hosted core · https
	// http://10.0.0.7:8443: self-hosted core · plain http to another machine: not encrypted
	// This address belonged to the hosted service, which closed on 30 May 2025. Give the address of your own core, like localhost:8443 or https://fauna.example.org.
}

func ExampleFindSecret() {
	secret, note := fauna.FindSecret(`{
  ref: Ref(Keys(), "481386119929266688"),
  secret: 'fnAEXAMPLEexampleEXAMPLEexampleEXAMPLEex',
  hashed_secret: '$2a$05$EXAMPLEHASH'
}`)
	fmt.Println(secret, secret.Len(), note)
	// Output:
	// [redacted] 40
}
