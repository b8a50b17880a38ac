-- Purchases in, running sums and revenue per window out. Runs on Semel; the statements are Flink SQL.
--
--   mkdir -p /tmp/semel-lake purchases           # the catalog's folder, and the input: relative to where semel is started
--   echo '{"purchase_id": 1, "user_id": 7, "item": "tea", "amount": 2.50, "ts": "2026-01-31 13:00:00"}' > purchases/1.json
--   semel check pipeline.sql && semel run pipeline.sql
--   semel verify pipeline.sql
--
-- It reads the files that are there and finishes. With SET 'semel.filesystem.follow' = 'true' it goes on and follows them.
SET 'pipeline.name' = 'purchases';

CREATE TABLE purchases (
  purchase_id BIGINT,
  user_id INT,
  item STRING,
  amount DECIMAL(10, 2),
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = './purchases', 'format' = 'json');

CREATE CATALOG lake WITH (
  'type' = 'iceberg',
  'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog',
  'uri' = 'jdbc:sqlite:/tmp/semel-lake/catalog.db',
  'jdbc.schema-version' = 'V1',
  'warehouse' = 'file:///tmp/semel-lake/warehouse'
);
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE IF NOT EXISTS lake.shop.running_sum (
  purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), total DECIMAL(38, 2)
);
CREATE TABLE IF NOT EXISTS lake.shop.revenue (
  user_id INT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), purchases BIGINT, revenue DECIMAL(38, 2)
);

EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.running_sum
    SELECT purchase_id, user_id, item, amount, ts, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
  INSERT INTO lake.shop.revenue
    SELECT user_id, window_start, window_end, COUNT(*), SUM(amount)
    FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND))
    GROUP BY user_id, window_start, window_end;
END;
