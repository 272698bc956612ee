// Aligned text. Tables and blocks sanitise what they are given, so that no command can forget to.
#pragma once

#include <string>
#include <vector>

#include "tools/grantctl/terminal.h"

namespace grant::ctl {

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
  size_t columns_max = 0;  // 0: as wide as it is
};

// Columns under headings, two spaces apart. An empty cell shows as "-".
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string Render(bool colour) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

// Labels with a value each, values in one column. A value of several lines goes on below itself;
// one that is empty is left out. Text that people wrote has its lines after the first marked, so
// that none of them looks like a row.
class Block {
 public:
  explicit Block(size_t indent = 0) : indent_(indent) {}

  void Add(std::string label, std::string value, Colour colour = Colour::kNone) {
    lines_.push_back({std::move(label), std::move(value), colour, false});
  }
  void AddText(std::string label, std::string text, Colour colour = Colour::kNone) {
    lines_.push_back({std::move(label), std::move(text), colour, true});
  }
  std::string Render(bool colour) const;

 private:
  struct Line {
    std::string label;
    std::string value;
    Colour colour;
    bool marked;
  };

  size_t indent_;
  std::vector<Line> lines_;
};

// `text` with every line moved to the right.
std::string Indent(const std::string& text, size_t columns);

}  // namespace grant::ctl
