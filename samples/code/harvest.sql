-- What was picked, by bed and month.
CREATE TABLE IF NOT EXISTS bed (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  square_metres REAL CHECK (square_metres > 0)
);

CREATE TABLE IF NOT EXISTS picking (
  bed_id INTEGER NOT NULL REFERENCES bed (id) ON DELETE CASCADE,
  picked_on DATE NOT NULL,
  crop TEXT NOT NULL,
  kilograms NUMERIC(6, 2) NOT NULL,
  PRIMARY KEY (bed_id, picked_on, crop)
);

CREATE INDEX picking_by_crop ON picking (crop, picked_on);

INSERT INTO bed (id, name, square_metres) VALUES (1, 'north', 12.5), (2, 'by the fence', 8);

SELECT b.name, p.crop, SUM(p.kilograms) AS total, SUM(p.kilograms) / b.square_metres AS per_square_metre
FROM picking AS p
JOIN bed AS b ON b.id = p.bed_id
WHERE p.picked_on BETWEEN '2024-06-01' AND '2024-09-30'
GROUP BY b.id, p.crop
HAVING SUM(p.kilograms) > 0.5
ORDER BY total DESC;
