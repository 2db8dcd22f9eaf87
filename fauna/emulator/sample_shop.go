package emulator

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// snowflake returns the id that a server gives a document created at that time.
func snowflake(at time.Time, n int64) int64 {
	return (at.UnixMilli()-1336258850000)<<20 | n&0xfffff
}

// spread returns the n-th of count times between the shop's opening and the
// sample, ascending, with a little jitter.
func spread(c *sampleChance, n, count int64) time.Time {
	step := int64(sampleEnd.Sub(sampleStart)) / count
	return sampleStart.Add(time.Duration(step*n + c.below(step))).Truncate(time.Millisecond)
}

func sampleCustomerDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("customers")
		for n := range int64(sampleCustomers) {
			joined := spread(c, n, sampleCustomers)
			changed := joined
			given, family, city := pick(c, words.given), pick(c, words.family), pick(c, words.cities)
			t := newSampleText(rows)
			t.open("{")
			t.key("name").text(given + " " + family)
			t.key("email").text(fmt.Sprintf("%s.%d@example.org", strings.ToLower(strings.ReplaceAll(family, " ", "")), n+1))
			t.key("joined").date(joined)
			t.key("address").open("{")
			t.key("street").text(fmt.Sprintf("%s %d", pick(c, words.family)+"gatan", 1+c.below(140)))
			t.key("city").text(city.name)
			t.key("country").text(city.country)
			t.close("}")
			t.key("newsletter").truth(c.of(60))
			t.key("points").whole(c.below(2500))
			if n > 0 && c.of(30) {
				t.key("invited_by").ref("customers", firstCustomer+c.below(n))
			}
			if c.of(25) {
				changed = joined.Add(time.Duration(1+c.below(60*24*30)) * time.Minute)
				t.key("last_seen").time(changed)
			}
			if c.of(15) {
				t.key("note").text(pick(c, words.reviews))
			}
			t.close("}")
			if !yield(Document{ID: firstCustomer + n, TS: changed.UnixMicro(), Data: t.done()}) {
				return
			}
		}
	}
}

func sampleProductDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("products")
		sizes := []string{"50 g", "100 g", "250 g", "1 kg", "gift box"}
		for n := range int64(sampleProducts) {
			good, size := words.goods[n%int64(len(words.goods))], n/int64(len(words.goods))
			t := newSampleText(rows)
			t.open("{")
			t.key("name").text(good.name + ", " + sizes[size])
			t.key("category").text(good.category)
			t.key("price").money(good.cents * (10 + 7*size) / 10)
			t.key("stock").whole(c.below(400))
			t.key("origin").open("[")
			for range c.below(3) {
				t.text(pick(c, words.cities).country)
			}
			t.close("]")
			t.key("barcode").bytes([]byte{0x40, 0xfb, byte(n), byte(c.below(256)), byte(c.below(256)), 0xff})
			if c.of(40) {
				t.key("organic_since").date(sampleStart.AddDate(0, 0, -int(c.below(4000))))
			}
			t.close("}")
			listed := sampleStart.Add(time.Duration(c.below(int64(300 * 24 * time.Hour)))).Truncate(time.Millisecond)
			if !yield(Document{ID: n + 1, TS: listed.UnixMicro(), Data: t.done()}) {
				return
			}
		}
	}
}

func sampleOrderDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("orders")
		for n := range int64(sampleOrders) {
			placed := spread(c, n, sampleOrders)
			changed := placed
			t := newSampleText(rows)
			t.open("{")
			t.key("number").text(fmt.Sprintf("A-%06d", n+1))
			t.key("customer").ref("customers", firstCustomer+c.below(sampleCustomers))
			t.key("placed").time(placed)
			total := int64(0)
			t.key("lines").open("[")
			for range 1 + c.below(4) {
				product := c.below(sampleProducts)
				good, size := words.goods[product%int64(len(words.goods))], product/int64(len(words.goods))
				price, count := good.cents*(10+7*size)/10, 1+c.below(5)
				total += price * count
				t.open("{")
				t.key("product").ref("products", product+1)
				t.key("count").whole(count)
				t.key("price").money(price)
				t.close("}")
			}
			t.close("]")
			t.key("total").money(total)
			switch {
			case c.of(3):
				t.key("status").text("cancelled")
				changed = placed.Add(time.Duration(1+c.below(48)) * time.Hour)
			case c.of(96):
				shipped := placed.Add(time.Duration(2+c.below(90)) * time.Hour)
				t.key("status").text("shipped")
				t.key("shipped").date(shipped)
				changed = shipped
			default:
				t.key("status").text("open")
			}
			if c.of(8) {
				t.key("gift").open("{")
				t.key("wrap").truth(c.of(70))
				t.key("card").text(pick(c, words.given) + ": \"" + pick(c, words.reviews) + "\"\n— " + pick(c, words.given))
				t.close("}")
			}
			t.close("}")
			if !yield(Document{ID: snowflake(placed, n), TS: changed.UnixMicro(), Data: t.done()}) {
				return
			}
		}
	}
}

func sampleReviewDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("reviews")
		for n := range int64(sampleReviews) {
			written := spread(c, n, sampleReviews)
			t := newSampleText(rows)
			t.open("{")
			t.key("product").ref("products", 1+c.below(sampleProducts))
			t.key("customer").ref("customers", firstCustomer+c.below(sampleCustomers))
			t.key("stars").whole(1 + c.below(5))
			t.key("text").text(pick(c, words.reviews))
			t.key("written").time(written.Add(time.Duration(c.below(1_000_000))))
			t.key("helpful").open("[")
			for range c.below(4) {
				t.ref("customers", firstCustomer+c.below(sampleCustomers))
			}
			t.close("]")
			t.close("}")
			if !yield(Document{ID: snowflake(written, n), TS: written.UnixMicro(), Data: t.done()}) {
				return
			}
		}
	}
}

func sampleCartDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("carts")
		for n := range int64(sampleCarts) {
			t := newSampleText(rows)
			t.open("{")
			t.key("customer").ref("customers", firstCustomer+c.below(sampleCustomers))
			t.key("items").open("{")
			for k := range 1 + c.below(3) {
				t.key(words.goods[(n+k*7)%int64(len(words.goods))].name).whole(1 + c.below(4))
			}
			t.close("}")
			t.close("}")
			opened := sampleEnd.Add(-time.Duration(sampleCarts-n) * time.Hour)
			d := Document{ID: 7_000_000_000 + n*13, TS: opened.UnixMicro(), Data: t.done()}
			if n%2 == 0 { // far in the future
				d.TTL = opened.AddDate(74, 0, 0).UnixMicro()
			}
			if !yield(d) {
				return
			}
		}
	}
}

// sampleKindDocuments returns documents recorded from a real server.
func sampleKindDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		for n, kind := range words.kinds {
			d := Document{ID: kind.ID, TS: sampleStart.UnixMicro() + int64(n)*1_000_003}
			switch {
			case rows:
				d.Data = []byte(kind.Row)
			case kind.Wire != "":
				d.Data = []byte(kind.Wire)
			}
			if kind.ID == 15 {
				d.TTL = time.Date(2099, 1, 1, 0, 0, 0, 120_000_000, time.UTC).UnixMicro()
			}
			if !yield(d) {
				return
			}
		}
	}
}

func sampleShelfDocuments(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		c := newSampleChance("shelves")
		for n := range int64(12) {
			t := newSampleText(rows)
			t.open("{")
			t.key("shelf").text(fmt.Sprintf("%c%d", 'A'+rune(n/4), n%4+1))
			t.key("größe in cm").whole(40 + 20*c.below(5))
			t.key("holds").open("[")
			for range 1 + c.below(3) {
				t.ref("products", 1+c.below(sampleProducts))
			}
			t.close("]")
			t.key("city").text(pick(c, words.cities).name)
			t.close("}")
			if !yield(Document{ID: n * n, TS: sampleStart.Add(time.Duration(n) * time.Hour).UnixMicro(), Data: t.done()}) {
				return
			}
		}
	}
}
