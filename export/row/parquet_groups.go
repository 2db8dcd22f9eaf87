package row

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	parquetMagic = "PAR1"

	// groupRows is the number of rows of a row group. A group ends earlier,
	// after the row that passes groupSize uncompressed bytes, because readers
	// and writers hold a group in memory.
	groupRows = 16 << 10
	groupSize = 16 << 20

	// pageSize is the approximate number of uncompressed bytes in a column's
	// page. We cut pages at fullPage, because that depends only on the rows; the
	// writer's own cuts at pageSize would depend on how values are batched.
	pageSize = 1 << 20
	fullPage = pageSize * 9 / 10

	// boundSize is the longest minimum or maximum, in bytes, in a column's
	// statistics.
	boundSize = 64
)

// rowGroups builds a Parquet file group by group, so it can be resumed after any
// group. Each group is written as a small file of which only the pages are
// kept; one footer at the end describes them all.
type rowGroups struct {
	columns []column
	limits  limits
	writer  *parquet.GenericWriter[any]
	file    bytes.Buffer // the group as a file of its own

	// Rows of the group that are not yet in the writer, by column.
	values  [][]parquet.Value
	text    []byte // text of the refs in values
	pending int    // rows in values
	pages   []int  // bytes in each column since its last page was cut
	size    int    // bytes in values

	rows   int   // rows in the group
	plain  int   // uncompressed bytes in the group
	lastID int64 // last id in the group

	offset int64    // end of the last group in the file
	total  int64    // rows in finished groups
	groups [][]byte // finished groups, as the footer describes them
}

func newRowGroups(l Layout, limits limits) body {
	g := &rowGroups{columns: l.columns(), limits: limits, offset: int64(len(parquetMagic)), lastID: -1}
	g.values = make([][]parquet.Value, len(g.columns))
	g.pages = make([]int, len(g.columns))
	options := []parquet.WriterOption{
		parquetSchema(g.columns),
		parquet.CreatedBy("fauna-export", "1", "parquet-go"),
		parquet.Compression(&zstd.Codec{}),
		parquet.PageBufferSize(pageSize),
		parquet.DataPageVersion(1),
		// Page statistics would hold four copies of a page's longest texts.
		parquet.DataPageStatistics(false),
	}
	for _, c := range g.columns {
		if c.typ == TypeJSON {
			options = append(options, parquet.SkipPageBounds(c.name))
		}
	}
	g.writer = parquet.NewGenericWriter[any](&g.file, options...)
	return g
}

// keep adds the groups emitted so far.
func (g *rowGroups) keep(s *fileState) { s.Groups, s.Offset = g.groups, g.offset }

// resume continues after the groups emitted so far.
func (g *rowGroups) resume(s fileState) error {
	if s.Offset < int64(len(parquetMagic)) {
		return fmt.Errorf("row groups end at byte %d", s.Offset)
	}
	for _, group := range s.Groups {
		var decoded format.RowGroup
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), group, &decoded); err != nil {
			return fmt.Errorf("a row group: %w", err)
		}
	}
	g.groups, g.offset, g.total = s.Groups, s.Offset, s.Rows
	return nil
}

func (g *rowGroups) begin() []byte { return []byte(parquetMagic) }

func (g *rowGroups) close() {}

func (g *rowGroups) append(b *Batch, emit func(Piece) error) error {
	start := 0
	for i, end := range b.Ends {
		if err := g.row(b.Bytes[start:end]); err != nil {
			return fmt.Errorf("document %d: %w", b.IDs[i], err)
		}
		g.rows++
		g.plain += end - start
		g.lastID = b.IDs[i]
		start = end
		if g.rows >= g.limits.groupRows || g.plain > g.limits.groupSize {
			if err := g.cut(emit); err != nil {
				return err
			}
		}
	}
	return g.flush() // values refer to b's memory
}

// row adds a row in the form of Batch.Bytes.
func (g *rowGroups) row(row []byte) error {
	id := binary.LittleEndian.Uint64(row)
	start := len(g.text)
	g.text = strconv.AppendUint(g.text, id, 10)
	g.add(0, parquet.ByteArrayValue(g.text[start:len(g.text):len(g.text)]))
	g.add(1, parquet.Int64Value(int64(binary.LittleEndian.Uint64(row[8:]))))
	g.size += len(row)
	row = row[16:]
	for i := 2; i < len(g.columns); i++ {
		if row[0] == 0 {
			g.values[i] = append(g.values[i], parquet.NullValue().Level(0, 0, i))
			row = row[1:]
			continue
		}
		row = row[1:]
		switch g.columns[i].typ {
		case TypeJSON, TypeString:
			n := int(binary.LittleEndian.Uint32(row))
			g.add(i, parquet.ByteArrayValue(row[4:4+n:4+n]))
			row = row[4+n:]
			continue
		case TypeFloat:
			g.add(i, parquet.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(row))))
		case TypeBool:
			g.add(i, parquet.BooleanValue(row[0] == 1))
		case TypeDate:
			g.add(i, parquet.Int32Value(int32(binary.LittleEndian.Uint64(row))))
		default:
			g.add(i, parquet.Int64Value(int64(binary.LittleEndian.Uint64(row))))
		}
		row = row[8:]
	}
	if g.pending++; g.size >= pageSize || g.pending >= 1024 {
		if err := g.flush(); err != nil {
			return err
		}
	}
	return g.cutPages()
}

// cutPages ends the pages that are full.
func (g *rowGroups) cutPages() error {
	for i, size := range g.pages {
		if size < fullPage {
			continue
		}
		if err := g.flush(); err != nil {
			return err
		}
		if err := g.writer.ColumnWriters()[i].Flush(); err != nil {
			return fmt.Errorf("write parquet column %q: %w", g.columns[i].name, err)
		}
		g.pages[i] = 0
	}
	return nil
}

func (g *rowGroups) add(column int, v parquet.Value) {
	level := 0
	if g.columns[column].optional {
		level = 1
	}
	g.values[column] = append(g.values[column], v.Level(0, level, column))
	g.pages[column] += 8
	if v.Kind() == parquet.ByteArray {
		g.pages[column] += len(v.ByteArray())
	}
}

// flush passes the rows in values to the writer.
func (g *rowGroups) flush() error {
	if g.pending == 0 {
		return nil
	}
	for i, column := range g.writer.ColumnWriters() {
		if _, err := column.WriteRowValues(g.values[i]); err != nil {
			return fmt.Errorf("write parquet column %q: %w", g.columns[i].name, err)
		}
		clear(g.values[i])
		g.values[i] = g.values[i][:0]
	}
	g.text, g.pending, g.size = g.text[:0], 0, 0
	return nil
}

// cut ends the row group and emits its pages.
func (g *rowGroups) cut(emit func(Piece) error) error {
	if err := g.flush(); err != nil {
		return err
	}
	meta, err := g.footer()
	if err != nil {
		return err
	}
	if len(meta.RowGroups) != 1 || meta.RowGroups[0].NumRows != int64(g.rows) {
		return fmt.Errorf("write a parquet row group: got %d groups instead of one with %d rows", len(meta.RowGroups), g.rows)
	}
	end := g.place(&meta.RowGroups[0])
	encoded, _ := thrift.Marshal(new(thrift.CompactProtocol), &meta.RowGroups[0]) // memory can't fail
	g.groups = append(g.groups, encoded)
	pages := g.file.Bytes()[len(parquetMagic):end]
	g.offset += int64(len(pages))
	g.total += int64(g.rows)
	g.writer.Reset(&g.file)
	p := Piece{Bytes: pages, Rows: g.rows, LastID: g.lastID}
	g.rows, g.plain, g.lastID = 0, 0, -1
	clear(g.pages)
	err = emit(p)
	if g.file.Cap() > 2*g.limits.groupSize {
		g.file = bytes.Buffer{} // it held a very large document
	}
	return err
}

// footer ends the group's own file and returns its footer, valid until the writer
// is reset.
func (g *rowGroups) footer() (*format.FileMetaData, error) {
	g.file.Reset()
	g.file.Grow(int(g.writer.Size()) + 4096)
	if err := g.writer.Close(); err != nil {
		return nil, fmt.Errorf("write a parquet row group: %w", err)
	}
	return g.writer.File().Metadata(), nil
}

// place converts the metadata of a group in its own file to that of the group in
// the whole file, without page indexes. It returns where the pages end in the
// group's own file.
func (g *rowGroups) place(group *format.RowGroup) (end int64) {
	shift := g.offset - int64(len(parquetMagic))
	group.Ordinal = int16(min(len(g.groups), math.MaxInt16))
	group.FileOffset += shift
	for i := range group.Columns {
		chunk := &group.Columns[i]
		m := &chunk.MetaData
		end = max(end, m.DataPageOffset+m.TotalCompressedSize)
		m.DataPageOffset += shift
		chunk.OffsetIndexOffset, chunk.OffsetIndexLength = 0, 0
		chunk.ColumnIndexOffset, chunk.ColumnIndexLength = 0, 0
		if len(m.Statistics.MinValue) > boundSize || len(m.Statistics.MaxValue) > boundSize {
			m.Statistics.MinValue, m.Statistics.MaxValue = nil, nil
		}
		m.Statistics.Min, m.Statistics.Max = nil, nil
		m.PathInSchema = []string{g.columns[i].name} // a writer loses it when reset
	}
	return end
}

func (g *rowGroups) finish(emit func(Piece) error) error {
	if g.rows > 0 {
		if err := g.cut(emit); err != nil {
			return err
		}
	}
	meta, err := g.footer() // without rows: only the schema
	if err != nil {
		return err
	}
	meta.NumRows = g.total
	meta.RowGroups = make([]format.RowGroup, len(g.groups))
	for i, group := range g.groups {
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), group, &meta.RowGroups[i]); err != nil {
			return fmt.Errorf("write the parquet footer: %w", err)
		}
	}
	footer, _ := thrift.Marshal(new(thrift.CompactProtocol), meta) // memory can't fail
	length := len(footer)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(length))
	return emit(Piece{Bytes: append(footer, parquetMagic...), LastID: -1})
}
