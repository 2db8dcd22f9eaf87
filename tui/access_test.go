package tui

import "testing"

func TestAccess_environmentsSecretIsUsed(t *testing.T) {
	b := newBench(t, 80, 24, withEnv).to(accessID)
	b.shows("FAUNA_SECRET is set")
	b.keys("enter")
	b.at(collectionsID)
	if last := b.dialed[len(b.dialed)-1]; last.Secret.Len() != len(testSecret) {
		t.Errorf("the server was given %d characters", last.Secret.Len())
	}
}

func TestAccess_adminsListOfCollectionsIsPickedFrom(t *testing.T) {
	b := newBench(t, 80, 24, withAudit).withAdmin(collectionsID)
	b.shows("[x] users", "[x] products", "[x] line-items", "[ ] audit_log", "no access", "20,000")
	b.keys("enter")
	b.at(setupID)
	b.shows("This will be created", "enter create role and key")
	b.keys("enter")
	b.at(setupID)
	b.shows("Done: role and key created; the admin's secret is discarded.")
	if len(b.server.made) != 1 || len(b.server.made[0].Collections) != 3 || b.server.closed == 0 || b.w.admin {
		t.Errorf("made %+v, %d clients closed", b.server.made, b.server.closed)
	}
	b.keys("enter")
	b.at(outputID)
	b.keys("esc", "enter") // nothing is created twice
	b.at(outputID)
	if len(b.server.made) != 1 {
		t.Error("role and key were created again")
	}
}

func TestAccess_saysThatASecretIsAccepted(t *testing.T) {
	b := newBench(t, 80, 24).withSecret(collectionsID)
	b.keys("esc")
	b.at(accessID)
	b.shows("Secret accepted. Enter to keep it, or paste another.")
	b.keys("down")
	b.hides("Secret accepted")
}

func TestAccess_anAdminsSecretServesNoOtherWay(t *testing.T) {
	for name, leaves := range map[string]func(*bench){
		"by FQL":           func(b *bench) { b.keys("1") },
		"with a secret":    func(b *bench) { b.keys("2") },
		"a paste given up": func(b *bench) { b.keys("up"); b.paste("another"); b.keys("esc") },
	} {
		b := newBench(t, 80, 24).withAdmin(collectionsID)
		b.keys("esc")
		b.at(accessID)
		leaves(b)
		if b.w.server != nil || b.w.admin || b.server.closed == 0 {
			t.Errorf("%s: the admin's secret is still in use", name)
		}
	}
}
