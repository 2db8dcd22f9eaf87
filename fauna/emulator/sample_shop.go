package emulator

import (
	"fmt"
	"strings"
	"time"
)

// The sample is a small shop. Its documents, ids and times depend only on this
// code and the files under assets/sample.
const (
	sampleSeed      = 20250530
	sampleCustomers = 2_400
	sampleProducts  = 260
	sampleOrders    = 20_400
	sampleReviews   = 3_000
	sampleCarts     = 300

	// sampleOddName is a legal name that is awkward as a file name.
	sampleOddName = "aux.%2e;Größe@東京~."

	firstCustomer = 100
)

// sampleStart and sampleEnd are when the shop opened and when the sample was
// taken.
var (
	sampleStart = time.Date(2023, 3, 1, 8, 0, 0, 0, time.UTC)
	sampleEnd   = time.Date(2025, 5, 30, 16, 0, 0, 0, time.UTC)
)

func sampleCollections() []sampleCollection {
	return []sampleCollection{
		{name: "customers", count: sampleCustomers, document: (*sampleMaker).customer},
		{name: "products", count: sampleProducts, document: (*sampleMaker).product},
		{name: "orders", count: sampleOrders, document: (*sampleMaker).order},
		{name: "reviews", count: sampleReviews, document: (*sampleMaker).review},
		{name: "carts", count: sampleCarts, document: (*sampleMaker).cart},
		{name: "every_kind_of_value", count: 30, document: (*sampleMaker).kind},
		{name: "wishlists"},
		{name: sampleOddName, count: 12, document: (*sampleMaker).shelf, seed: "shelves"},
	}
}

// snowflake returns the id that a server gives a document created at that time.
func snowflake(at time.Time, n int64) int64 {
	return (at.UnixMilli()-1336258850000)<<20 | n&0xfffff
}

func sampleRef(collection string, id int64) *ref {
	return &ref{class: clsDocument, name: collection, id: id}
}

func sampleDate(at time.Time) dateValue { return dateValue(at.Unix() / daySeconds) }

// anyCustomer is a ref to one of the first n customers.
func (m *sampleMaker) anyCustomer(n int64) *ref {
	return sampleRef("customers", firstCustomer+m.below(n))
}

// money converts cents to an amount.
func money(cents int64) float64 { return float64(cents) / 100 }

func (m *sampleMaker) customer(n int64) Document {
	joined := m.spread(n, sampleCustomers)
	changed := joined
	given, family, city := pick(m, m.Given), pick(m, m.Family), pick(m, m.Cities)
	o := newObject(
		"name", given+" "+family,
		"email", fmt.Sprintf("%s.%d@example.org", strings.ToLower(strings.ReplaceAll(family, " ", "")), n+1),
		"joined", sampleDate(joined),
		"address", newObject(
			"street", fmt.Sprintf("%s %d", pick(m, m.Family)+"gatan", 1+m.below(140)),
			"city", city.Name,
			"country", city.Country),
		"newsletter", m.chance(60),
		"points", m.below(2500))
	if n > 0 && m.chance(30) {
		o.add("invited_by", m.anyCustomer(n))
	}
	if m.chance(25) {
		changed = joined.Add(time.Duration(1+m.below(60*24*30)) * time.Minute)
		o.add("last_seen", changed)
	}
	if m.chance(15) {
		o.add("note", pick(m, m.Reviews))
	}
	return m.document(firstCustomer+n, changed, o)
}

// price returns the name and the price in cents of a product: a good in a size.
func (m *sampleMaker) price(product int64) (name string, cents int64) {
	goods := int64(len(m.Goods))
	good, size := m.Goods[product%goods], product/goods
	sizes := []string{"50 g", "100 g", "250 g", "1 kg", "gift box"}
	return good.Name + ", " + sizes[size], good.Cents * (10 + 7*size) / 10
}

func (m *sampleMaker) product(n int64) Document {
	name, cents := m.price(n)
	o := newObject("name", name, "category", m.Goods[n%int64(len(m.Goods))].Category, "price", money(cents), "stock", m.below(400))
	origin := array{}
	for range m.below(3) {
		origin = append(origin, pick(m, m.Cities).Country)
	}
	o.add("origin", origin)
	o.add("barcode", bytesValue([]byte{0x40, 0xfb, byte(n), byte(m.below(256)), byte(m.below(256)), 0xff}))
	if m.chance(40) {
		o.add("organic_since", sampleDate(sampleStart.AddDate(0, 0, -int(m.below(4000)))))
	}
	listed := sampleStart.Add(time.Duration(m.below(int64(300 * 24 * time.Hour)))).Truncate(time.Millisecond)
	return m.document(n+1, listed, o)
}

func (m *sampleMaker) order(n int64) Document {
	placed := m.spread(n, sampleOrders)
	changed := placed
	o := newObject("number", fmt.Sprintf("A-%06d", n+1), "customer", m.anyCustomer(sampleCustomers), "placed", placed)
	lines, total := array{}, int64(0)
	for range 1 + m.below(4) {
		product := m.below(sampleProducts)
		_, price := m.price(product)
		count := 1 + m.below(5)
		total += price * count
		lines = append(lines, newObject("product", sampleRef("products", product+1), "count", count, "price", money(price)))
	}
	o.add("lines", lines)
	o.add("total", money(total))
	switch {
	case m.chance(3):
		o.add("status", "cancelled")
		changed = placed.Add(time.Duration(1+m.below(48)) * time.Hour)
	case m.chance(96):
		changed = placed.Add(time.Duration(2+m.below(90)) * time.Hour)
		o.add("status", "shipped")
		o.add("shipped", sampleDate(changed))
	default:
		o.add("status", "open")
	}
	if m.chance(8) {
		o.add("gift", newObject("wrap", m.chance(70), "card", pick(m, m.Given)+": \""+pick(m, m.Reviews)+"\"\n— "+pick(m, m.Given)))
	}
	return m.document(snowflake(placed, n), changed, o)
}

func (m *sampleMaker) review(n int64) Document {
	written := m.spread(n, sampleReviews)
	o := newObject(
		"product", sampleRef("products", 1+m.below(sampleProducts)),
		"customer", m.anyCustomer(sampleCustomers),
		"stars", 1+m.below(5),
		"text", pick(m, m.Reviews),
		"written", written.Add(time.Duration(m.below(1_000_000))))
	helpful := array{}
	for range m.below(4) {
		helpful = append(helpful, m.anyCustomer(sampleCustomers))
	}
	o.add("helpful", helpful)
	return m.document(snowflake(written, n), written, o)
}

func (m *sampleMaker) cart(n int64) Document {
	customer, items := m.anyCustomer(sampleCustomers), &object{}
	for k := range 1 + m.below(3) {
		items.add(m.Goods[(n+k*7)%int64(len(m.Goods))].Name, 1+m.below(4))
	}
	opened := sampleEnd.Add(-time.Duration(sampleCarts-n) * time.Hour)
	d := m.document(7_000_000_000+n*13, opened, newObject("customer", customer, "items", items))
	if n%2 == 0 { // far in the future
		d.TTL = opened.AddDate(74, 0, 0).UnixMicro()
	}
	return d
}

// kind returns the n-th document recorded from a real server.
func (m *sampleMaker) kind(n int64) Document {
	kind := m.Kinds[n]
	d := Document{ID: kind.ID, TS: sampleStart.UnixMicro() + n*1_000_003}
	if kind.Wire != "" {
		d.Data = []byte(kind.Wire)
	}
	if kind.ID == 15 {
		d.TTL = time.Date(2099, 1, 1, 0, 0, 0, 120_000_000, time.UTC).UnixMicro()
	}
	return d
}

func (m *sampleMaker) shelf(n int64) Document {
	o := newObject("shelf", fmt.Sprintf("%c%d", 'A'+rune(n/4), n%4+1), "größe in cm", 40+20*m.below(5))
	holds := array{}
	for range 1 + m.below(3) {
		holds = append(holds, sampleRef("products", 1+m.below(sampleProducts)))
	}
	o.add("holds", holds)
	o.add("city", pick(m, m.Cities).Name)
	return m.document(n*n, sampleStart.Add(time.Duration(n)*time.Hour), o)
}
