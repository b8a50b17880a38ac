-- Purchases in, running sums and revenue per window out: the pipeline.sql beside, with Kafka as the source. Runs on Semel and on Flink.
-- A topic of four partitions, keyed by user_id, with JSON values.
--
--   mkdir -p /tmp/semel-lake                     # the catalog's folder
--   semel run kafka.sql                          # goes on until it is stopped; --until-end: to the present ends of the topic
SET 'pipeline.name' = 'purchases';

CREATE TABLE purchases (
  purchase_id BIGINT,
  user_id INT,
  item STRING,
  amount DECIMAL(10, 2),
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'purchases',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'purchases',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

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
